import type { Window } from "./window.ts";

/** Where a completion is requested: the text around the cursor that is sent, and what names its language. */
export interface Place extends Window {
  /** The server's name of the language. */
  readonly language?: string;
  /** Of the file, as far as the server may know it. */
  readonly path?: string;
}
