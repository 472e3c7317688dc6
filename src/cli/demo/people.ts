import type { Chance } from "./random.ts";

/** An invented patient. */
export interface Person {
  readonly mrn: string;
  readonly family: string;
  readonly given: string;
  readonly middle: string;
  /** `YYYYMMDD`. */
  readonly born: string;
  readonly sex: "F" | "M";
  readonly street: string;
  readonly city: string;
  readonly zip: string;
  readonly phone: string;
  readonly kin: string;
}

const FAMILIES = [
  ...["Abernethy", "Bakshi", "Castellano", "Dufresne", "Eriksen", "Fontaine", "Grabowski", "Hollister", "Ibekwe", "Jankowski"],
  ...["Kowalczyk", "Lindqvist", "Marchetti", "Nakagawa", "O'Donovan", "Petrosyan", "Quintanilla", "Rasmussen", "Szabó", "Thibodeaux"],
  ...["Underhill", "Villanueva", "Whitcombe", "Xiong", "Yamashita", "Zielinski", "Ashworth", "Brennan-Hale", "Chaudhry", "Delacroix"],
  ...["Estrada", "Featherstone", "Gallagher", "Haverford", "Ivanova", "Johansson", "Kirkpatrick", "Lefebvre", "Muñoz", "Norwood"],
];
const WOMEN = [
  "Adele",
  "Beatriz",
  "Corinne",
  "Daphne",
  "Elena",
  "Freya",
  "Greta",
  "Hanneke",
  "Imogen",
  "Josephine",
  "Leila",
  "Marisol",
] as const;
const MEN = [
  "Alden",
  "Bastian",
  "Cedric",
  "Dmitri",
  "Emmett",
  "Florian",
  "Gideon",
  "Hassan",
  "Ignacio",
  "Jasper",
  "Kenji",
  "Lorenzo",
] as const;
const STREETS = [
  "Alder Court",
  "Birchwood Lane",
  "Canal Street",
  "Dogwood Drive",
  "Elm Terrace",
  "Foundry Road",
  "Garrison Avenue",
] as const;
const CITIES = [
  ["Norville", "44021"],
  ["Eastmere", "44067"],
  ["Holm Crossing", "44105"],
  ["Pine Ferry", "44212"],
] as const;

const two = (n: number): string => String(n).padStart(2, "0");

/** The n-th patient of the story (from 1). Telephone numbers are of the range kept for fiction (555-01xx). */
export function personOf(n: number, year: number, chance: Chance): Person {
  const sex = chance.pick(["F", "M"]);
  const [city, zip] = chance.pick(CITIES);
  return {
    mrn: `N${String(710_000 + n * 37)}`,
    family: FAMILIES[(n - 1) % FAMILIES.length] ?? "Doe",
    given: chance.pick(sex === "F" ? WOMEN : MEN),
    middle: chance.pick(["A", "C", "E", "J", "L", "M", "R", "T"]),
    born: `${year - chance.whole(19, 88)}${two(chance.whole(1, 12))}${two(chance.whole(1, 28))}`,
    sex,
    street: `${chance.whole(3, 980)} ${chance.pick(STREETS)}`,
    city,
    zip,
    phone: `555-01${two(chance.whole(0, 99))}`,
    kin: chance.pick(sex === "F" ? MEN : WOMEN),
  };
}
