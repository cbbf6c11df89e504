const WORD = /^\s*(?:[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]+)?/u;

/** The beginning of a suggestion up to the end of its first word, or of its first run of signs. */
export function firstWord(text: string): string {
  return WORD.exec(text)?.[0] || text;
}
