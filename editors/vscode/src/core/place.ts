/** Where a suggestion is asked for: the text around the cursor, as much of it as is sent. Lines end in \n. */
export interface Place {
  readonly prefix: string;
  readonly suffix: string;
  /** Whether the document begins before `prefix`. */
  readonly prefixCut: boolean;
  /** Whether the document goes on behind `suffix`. */
  readonly suffixCut: boolean;
  /** A language that the server knows. */
  readonly language?: string;
  readonly path?: string;
}
