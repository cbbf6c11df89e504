import { type Health, SFM2Error } from "sfm2-client";
import { Connection, type Failure, mayAsk, type Probe, type State } from "sfm2-editor-core";

/** The state of the page's server. Events: `change` of the state, `back` when requests may be sent again, `health`. */
export class PageConnection extends EventTarget {
  /** What the server reported last; null: it does not answer. */
  health: Health | null = null;
  #connection: Connection;
  #open = false;

  constructor(probe: Probe) {
    super();
    this.#connection = new Connection(probe, {
      awake: () => document.visibilityState === "visible",
      changed: (state) => this.#changed(state),
      checked: (health) => {
        this.health = health;
        this.dispatchEvent(new Event("health"));
      },
    });
    document.addEventListener("visibilitychange", () => this.#connection.nudge());
  }

  get state(): State {
    return this.#connection.state;
  }

  /** No request is sent while this holds: it would fail for the same reason. */
  get blocked(): boolean {
    return !mayAsk(this.state);
  }

  check(): Promise<void> {
    return this.#connection.check();
  }

  /** There is another key now, or none. */
  restart(): Promise<void> {
    this.#open = false;
    return this.#connection.restart();
  }

  /** The user types while no request is sent. */
  nudge(): void {
    this.#connection.nudge();
  }

  answered(): void {
    this.#connection.answered(undefined);
  }

  failed(error: unknown): void {
    this.#connection.failed(failureOf(error));
  }

  #changed(state: State): void {
    this.dispatchEvent(new Event("change"));
    const open = mayAsk(state) && state.kind !== "checking";
    if (open && !this.#open) this.dispatchEvent(new Event("back"));
    this.#open = open;
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof SFM2Error) return error;
  console.error(error);
  return { code: "page_error", message: "this page met an error of its own", suggestion: String(error) };
}
