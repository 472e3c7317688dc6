/**
 * "Code first" and "use additional code" of the tabular list for the pairs that are met most, as prefixes without the dot:
 * one of `first` has to stand before `code`. Written from the ICD-10-CM tabular list (public domain); the rest follows when the list's
 * notes are read by machine.
 */
export const CODE_FIRST: readonly { readonly code: string; readonly first: readonly string[]; readonly what: string }[] = [
  { code: "D630", first: ["C", "D0", "D37-D49"], what: "the neoplasm" },
  { code: "D631", first: ["N18", "I12", "I13", "E082", "E092", "E102", "E112", "E132"], what: "the chronic kidney disease" },
  { code: "F02", first: ["A", "B", "E", "G", "I", "M", "R41", "S06", "T", "D", "N18", "F10-F19"], what: "the disease behind the dementia" },
  { code: "G63", first: ["A", "B", "C", "D", "E4-E7", "E83-E89", "E0-E3", "M", "O", "N18"], what: "the disease behind the polyneuropathy" },
  { code: "G94", first: ["A", "B", "E", "Q", "C", "D"], what: "the disease behind the brain disorder" },
  { code: "H28", first: ["E", "G71", "T", "A", "B"], what: "the disease behind the cataract" },
  { code: "H36", first: ["D57", "E7", "D", "E75"], what: "the disease behind the retinal disorder" },
  { code: "I41", first: ["A", "B", "J0-J1"], what: "the disease behind the myocarditis" },
  { code: "I43", first: ["E", "A", "M", "D86", "J1"], what: "the disease behind the cardiomyopathy" },
  { code: "I79", first: ["E", "A", "B", "M"], what: "the disease behind the arterial disorder" },
  { code: "J910", first: ["C", "D0", "D3-D4"], what: "the neoplasm" },
  { code: "J99", first: ["A", "B", "D", "E", "K", "M", "N", "G"], what: "the disease behind the respiratory disorder" },
  { code: "K67", first: ["A", "B"], what: "the infection" },
  { code: "K77", first: ["A", "B", "D", "E", "O"], what: "the disease behind the liver disorder" },
  { code: "L86", first: ["E5"], what: "the deficiency" },
  { code: "M36", first: ["A", "B", "C", "D", "E", "K"], what: "the disease behind the connective tissue disorder" },
  { code: "N08", first: ["A", "B", "D", "E", "M", "C"], what: "the disease behind the glomerular disorder" },
  { code: "N16", first: ["A", "B", "C", "D", "E", "T86"], what: "the disease behind the tubulo-interstitial disorder" },
  { code: "N29", first: ["A", "B", "E", "D"], what: "the disease behind the kidney disorder" },
  { code: "R6520", first: ["A", "B", "O", "T", "J", "P36", "N39"], what: "the infection" },
  { code: "R6521", first: ["A", "B", "O", "T", "J", "P36", "N39"], what: "the infection" },
];

/** "Use additional code": one of `also` has to be on the claim with `code`. */
export const USE_ADDITIONAL: readonly { readonly code: string; readonly also: readonly string[]; readonly what: string }[] = [
  { code: "I12", also: ["N18"], what: "the stage of the chronic kidney disease (N18)" },
  { code: "I13", also: ["N18"], what: "the stage of the chronic kidney disease (N18)" },
  { code: "I110", also: ["I50"], what: "the type of heart failure (I50)" },
  { code: "I130", also: ["I50"], what: "the type of heart failure (I50)" },
  { code: "I132", also: ["I50"], what: "the type of heart failure (I50)" },
  { code: "E0822", also: ["N18"], what: "the stage of the chronic kidney disease (N18)" },
  { code: "E1022", also: ["N18"], what: "the stage of the chronic kidney disease (N18)" },
  { code: "E1122", also: ["N18"], what: "the stage of the chronic kidney disease (N18)" },
  { code: "E1322", also: ["N18"], what: "the stage of the chronic kidney disease (N18)" },
  { code: "E11621", also: ["L97"], what: "the site of the ulcer (L97)" },
  { code: "E10621", also: ["L97"], what: "the site of the ulcer (L97)" },
];
