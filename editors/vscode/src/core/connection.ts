/** Knows how it stands with the server: looks by itself, seldom while all is well, soon while it is not. */
import { type Failure, RequestFailed } from "./failure";
import {
  type Health,
  nextCheck,
  outlivesHealth,
  type State,
  stateOfFailedProbe,
  stateOfFailure,
  stateOfHealth,
} from "./state";

/** Both raise `RequestFailed`. */
export interface Probe {
  health(signal: AbortSignal): Promise<Health>;
  /** Succeeds if the server takes our key and our rate. */
  admitted(signal: AbortSignal): Promise<void>;
}

export interface Surroundings {
  /** Whether anybody looks at the editor; if nobody does, a server that is well is left in peace. */
  readonly awake: () => boolean;
  readonly changed: (state: State) => void;
  readonly now?: () => number;
}

// Milliseconds: a key press while the server is away looks whether it is back, but not at every key.
const NUDGE = 2_000;

export class Connection {
  #state: State = { kind: "checking" };
  #sameTrouble = 0;
  #checkedAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #running = new AbortController();
  readonly #now: () => number;

  constructor(
    private probe: Probe,
    private readonly around: Surroundings,
  ) {
    this.#now = around.now ?? Date.now;
  }

  get state(): State {
    return this.#state;
  }

  /** Another server, or another key: all that is known is void. */
  async restart(probe: Probe): Promise<void> {
    this.probe = probe;
    this.#sameTrouble = 0;
    this.#set({ kind: "checking" });
    await this.check();
  }

  /** Look now. A look that runs already is ended. */
  async check(): Promise<void> {
    this.#running.abort();
    const running = new AbortController();
    this.#running = running;
    this.#checkedAt = this.#now();
    clearTimeout(this.#timer);
    const found = await this.#look(running.signal);
    if (running.signal.aborted) return;
    if (found) this.#set(found);
    this.#schedule();
  }

  /** Somebody types: if the server is away, look whether it is back. */
  nudge(): void {
    if (this.#now() - this.#checkedAt >= NUDGE) void this.check();
  }

  answered(fallback: string | undefined): void {
    if (outlivesHealth(this.#state)) void this.restart(this.probe);
    else if (fallback !== undefined && this.#state.kind === "ready") this.nudge();
  }

  failed(failure: Failure): void {
    this.#set(stateOfFailure(failure));
    this.#schedule();
  }

  dispose(): void {
    this.#running.abort();
    clearTimeout(this.#timer);
  }

  /** Undefined: nothing new. */
  async #look(signal: AbortSignal): Promise<State | undefined> {
    try {
      const found = stateOfHealth(await this.probe.health(signal));
      const well = found.kind === "ready" || found.kind === "degraded";
      if (well && outlivesHealth(this.#state)) return undefined;
      if (well && this.#state.kind !== found.kind) await this.probe.admitted(signal);
      return found;
    } catch (error) {
      if (error instanceof RequestFailed) return stateOfFailedProbe(error.failure);
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  #set(state: State): void {
    this.#sameTrouble = state.kind === this.#state.kind ? this.#sameTrouble + 1 : 0;
    const said = JSON.stringify(state) !== JSON.stringify(this.#state);
    this.#state = state;
    if (said) this.around.changed(state);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tick(), 1_000 * nextCheck(this.#state, this.#sameTrouble));
  }

  #tick(): void {
    if (this.#state.kind === "ready" && !this.around.awake()) this.#schedule();
    else void this.check();
  }
}
