/** What was read off code, as rows to show. */
import type { Explanation } from "sfm2-client";

export type CodeFacts = Explanation["facts"][number];

/** Definitions that are worth showing; of more code than that the words of an explanation are enough. */
export const SHOWN = 6;

/** How a definition is headed. */
export function headOf(one: CodeFacts): string {
  return one.signature || one.name || one.kind;
}

/** Only what there is: a row that is empty says nothing that the others do not. */
export function rowsOf(one: CodeFacts): [string, string[]][] {
  const rows: [string, string[]][] = [
    ["Is", one.traits],
    ["Returns", one.returns],
    ["Yields", one.yields],
    ["Raises", one.raises],
    ["Changes", one.changes],
    ["Calls", one.calls],
  ];
  return rows.filter(([, code]) => code.length > 0);
}
