import type { Language } from "sfm2-client";

/** Beginnings to try, for an empty editor. */
export const EXAMPLES: { label: string; language: Language; text: string }[] = [
  { label: "is_prime in Python", language: "python", text: "def is_prime(n):\n    " },
  {
    label: "a Stack in TypeScript",
    language: "typescript",
    text: "class Stack<T> {\n  private items: T[] = [];\n\n  push(item: T): void {\n    ",
  },
  { label: "a query in SQL", language: "sql", text: "-- the ten customers who paid most in 2025\nSELECT " },
];
