/** What is recorded without ever being met again, before recording stops; and how much is let pass until it is tried again. */
const TRIED = 256;
const PASSED = 4_096;

/** Whether remembering is worth it: at a sender whose messages never say the same again it is not. */
export class Worth {
  #recorded = 0;
  #used = 0;
  #passed = 0;

  recorded(): void {
    this.#recorded++;
  }

  used(): void {
    this.#used++;
  }

  /** What was recorded did not come again. */
  get isResting(): boolean {
    return this.#recorded >= TRIED && this.#used * 8 <= this.#recorded;
  }

  /** Whether to record what comes now. */
  isWorthIt(): boolean {
    if (!this.isResting) return true;
    if (++this.#passed < PASSED) return false;
    this.#recorded = 0;
    this.#used = 0;
    this.#passed = 0;
    return true;
  }
}
