/** snake_case on the wire, camelCase here: names and their types, both ways. Pure. */

import { DATA as DATA_FIELDS } from "./generated/forms.js";

type CamelName<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelName<Tail>>}`
  : Name;

/** The same message with camelCase names, all the way down. Names that are data, as those of backends, stay as they are. */
export type Camel<T> = T extends readonly (infer Item)[]
  ? Camel<Item>[]
  : T extends object
    ? string extends keyof T
      ? T
      : { [Name in keyof T as CamelName<Name & string>]: Camel<T[Name]> }
    : T;

/** Fields whose own names are data. */
const DATA: ReadonlySet<string> = new Set(DATA_FIELDS);

export function camelName(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

export function snakeName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** An answer, as it is called here. */
export function fromWire<T>(value: T): Camel<T> {
  return renamed(value) as Camel<T>;
}

/** What a caller has named, as the server calls it. Without what is null or undefined: the server's default. */
export function toWire(fields: object): Record<string, unknown> {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(given.map(([name, value]) => [snakeName(name), value]));
}

function renamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [camelName(name), DATA.has(name) ? inner : renamed(inner)]),
  );
}
