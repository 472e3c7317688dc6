import { CommandFault } from "./installation.ts";

/** Reads a number of an option: a count, or a time in whole units. @param least smallest number taken. */
export const wholeNumberFrom =
  (least: number) =>
  (text: string): number => {
    const number = Number(text);
    if (!Number.isInteger(number) || number < least)
      throw new CommandFault(`${text} is not a whole number${least === 0 ? "" : ` from ${least} on`}`);
    return number;
  };

export const wholeNumber = wholeNumberFrom(0);
