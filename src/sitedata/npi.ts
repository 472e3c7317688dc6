/** What the Luhn sum of an NPI starts with: the card prefix 80840 stands before the number (45 CFR 162.406; ISO/IEC 7812). */
const PREFIX = "80840";

/** Luhn (mod 10) over a string of digits whose last one is the check digit. */
function luhn(digits: string): boolean {
  let sum = 0;
  for (const [index, digit] of [...digits].reverse().entries()) {
    const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}

/** Whether a text is a National Provider Identifier: ten digits, the first 1 or 2, and its check digit right. */
export const isNpi = (text: string): boolean => /^[12]\d{9}$/.test(text) && luhn(PREFIX + text);
