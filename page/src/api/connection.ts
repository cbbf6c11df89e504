import type { Server } from "./server.ts";
import { type Trouble, troubleOf } from "./trouble.ts";

const FIRST = 1; // seconds until the server is asked again
const MOST = 10;

/** Whether the server can be asked. Finds out by itself when it can again. Events: `change`, `back`. */
export class Connection extends EventTarget {
  trouble: Trouble | null = null;
  #server: Server;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(server: Server) {
    super();
    this.#server = server;
  }

  /** Nothing is sent while this holds: it would fail for the same reason. */
  get blocked(): boolean {
    return this.trouble !== null && this.trouble.kind !== "request";
  }

  failed(error: unknown): void {
    const trouble = troubleOf(error, this.#server.key.value !== null);
    if (this.blocked && trouble.kind === "request") return;
    this.#become(trouble);
    clearTimeout(this.#timer);
    if (trouble.kind === "rate") this.#timer = setTimeout(() => this.#over(), trouble.wait * 1000);
    if (trouble.kind === "offline") this.#askAgain(FIRST);
    if (trouble.kind === "unavailable") this.#askAgain(trouble.wait);
  }

  worked(): void {
    if (!this.trouble) return;
    clearTimeout(this.#timer);
    this.#become(null);
  }

  /** There is another key now, or none. */
  keyChanged(): void {
    if (this.trouble?.kind === "key") this.#over();
  }

  #askAgain(seconds: number): void {
    this.#timer = setTimeout(async () => {
      const ready = await this.#server.ready().catch(() => false);
      if (ready) this.#over();
      else this.#askAgain(Math.min(MOST, Math.max(FIRST, seconds * 1.5)));
    }, seconds * 1000);
  }

  #over(): void {
    this.#become(null);
    this.dispatchEvent(new Event("back"));
  }

  #become(trouble: Trouble | null): void {
    const same = trouble?.kind === this.trouble?.kind && trouble?.message === this.trouble?.message;
    this.trouble = trouble;
    if (!same) this.dispatchEvent(new Event("change"));
  }
}
