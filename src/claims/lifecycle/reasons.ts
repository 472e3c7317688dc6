/** Reasons for changing a claim that is out (NUBC condition codes of claim frequency 7 and 8); exactly one of them on a hospital claim. */
export const CHANGE_REASONS = ["D0", "D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8", "D9", "E0"] as const;
export type ChangeReason = (typeof CHANGE_REASONS)[number];
export const isChangeReason = (code: string): code is ChangeReason => (CHANGE_REASONS as readonly string[]).includes(code);

/** How the remark of a correction begins (UB-04 form locator 80). */
export const REMARK = "CORRECTED ";
