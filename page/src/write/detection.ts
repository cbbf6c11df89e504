// Which language the code is in, as long as nobody chose one.
import type { Language } from "sfm2-client";
import { LANGUAGES } from "sfm2-editor-core";

const PAUSE = 300; // ms without a change
const MUCH = 40; // characters at once: something else may have been pasted

export class Detection {
  language: Language | null = null;
  /** Not from the looks of the code: requests may name it. */
  sure = false;
  #ask: (code: string) => Promise<Language | null>;
  #changed: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  /** `ask` tells the language of code; `changed` is called when another one is known. */
  constructor(ask: (code: string) => Promise<Language | null>, changed: () => void) {
    this.#ask = ask;
    this.#changed = changed;
  }

  /** The text begins with `text()` now; its last change inserted so many characters. */
  edited(inserted: number, text: () => string): void {
    clearTimeout(this.#timer);
    const code = text();
    if (code.trim() === "") this.learn(null);
    else if (!this.language || inserted >= MUCH) this.#later(code, inserted);
  }

  #later(code: string, inserted: number): void {
    this.#timer = setTimeout(() => void this.#look(code), inserted < MUCH ? PAUSE : 0);
  }

  /** Of an example, or of no text at all: what was asked before no longer counts. */
  learn(language: Language | null, sure = false): void {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.#set(language, sure);
  }

  /** An answer to a request that named none says what the code was judged in. */
  hear(language: string | null | undefined): void {
    if (!this.sure && isOurs(language)) this.#set(language, false);
  }

  async #look(code: string): Promise<void> {
    const asked = ++this.#asked;
    const found = await this.#ask(code).catch(() => null); // a server that can't be reached says so elsewhere
    if (asked === this.#asked && isOurs(found)) this.#set(found, false);
  }

  #set(language: Language | null, sure: boolean): void {
    if (language === this.language && sure === this.sure) return;
    this.language = language;
    this.sure = sure;
    this.#changed();
  }
}

/** A newer server may know languages that this page does not. */
function isOurs(language: string | null | undefined): language is Language {
  return typeof language === "string" && Object.hasOwn(LANGUAGES, language);
}
