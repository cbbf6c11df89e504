/** What makes an answer one of ours. A newer server's may carry more; what an older one left out has its default. */

import { FORMS } from "./generated/forms.js";
import type { Answers } from "./types.js";

/** `value` as the message of this name; undefined: it is something else. */
export function asMessage<Name extends keyof Answers>(name: Name, value: unknown): Answers[Name] | undefined {
  if (typeOf(value) !== "object") return undefined;
  const found = value as Record<string, unknown>;
  const { needed, absent } = FORMS[name];
  if (!Object.entries<string>(needed).every(([field, type]) => typeOf(found[field]) === type)) return undefined;
  return { ...structuredClone(absent), ...found } as unknown as Answers[Name];
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
