/** Knows the state of the server: checks it on its own, rarely while all is well, soon while it is not. */
import { type Health, SFM2Error } from "sfm2-client";
import {
  type Failure,
  mayAsk,
  nextCheck,
  outlivesHealth,
  type State,
  stateOfFailedProbe,
  stateOfFailure,
  stateOfHealth,
} from "./state.ts";

/** Both throw `SFM2Error`. */
export interface Probe {
  health(signal: AbortSignal): Promise<Health>;
  /** Succeeds if the server accepts the API key. Counts as a request where rates are limited. */
  admitted(signal: AbortSignal): Promise<void>;
}

export interface Surroundings {
  /** Whether the user looks at the editor; while not, a server that is well is not checked. */
  readonly awake: () => boolean;
  readonly changed: (state: State) => void;
  /** The server reported its health; null: it did not answer. */
  readonly checked?: (health: Health | null) => void;
}

/** Milliseconds: a key press while the server is away checks whether it is back, but not every key does. */
const NUDGE = 2_000;

export class Connection {
  #state: State = { kind: "checking" };
  /** The last state in which all was well. */
  #well: State | undefined;
  #sameTrouble = 0;
  #checkedAt = 0;
  #limitedUntil = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = new AbortController();

  constructor(
    private readonly probe: Probe,
    private readonly around: Surroundings,
  ) {}

  get state(): State {
    return this.#state;
  }

  /** Another server or another key: nothing that is known holds. */
  async restart(): Promise<void> {
    this.#sameTrouble = 0;
    this.#well = undefined;
    this.#set({ kind: "checking" });
    await this.check();
  }

  /** Check now. A check that runs already is ended. */
  async check(): Promise<void> {
    this.#running.abort();
    // Whether a rate limit is over is known from the clock, and a request would count against it.
    if (this.#state.kind === "rateLimited" && Date.now() < this.#limitedUntil) return this.#schedule();
    const running = new AbortController();
    this.#running = running;
    this.#checkedAt = Date.now();
    clearTimeout(this.#timer);
    const found = await this.#look(running.signal);
    if (running.signal.aborted) return;
    if (found) this.#set(found);
    this.#schedule();
  }

  /** The user types: if the server is away, check whether it is back. */
  nudge(): void {
    if (Date.now() - this.#checkedAt >= NUDGE) void this.check();
  }

  /** A request was answered; `fallback`: another backend than the first answered, and why. */
  answered(fallback: string | undefined): void {
    if (outlivesHealth(this.#state) && this.#well) this.#set(this.#well);
    else if (!mayAsk(this.#state) || (fallback !== undefined && this.#state.kind === "ready")) this.nudge();
  }

  failed(failure: Failure): void {
    const state = stateOfFailure(failure);
    // A refusal of one request says less than what keeps all of them from being answered.
    if (state.kind === "refused" && !mayAsk(this.#state)) return;
    this.#set(state);
    this.#schedule();
  }

  dispose(): void {
    this.#running.abort();
    clearTimeout(this.#timer);
  }

  /** Undefined: nothing new. */
  async #look(signal: AbortSignal): Promise<State | undefined> {
    try {
      const health = await this.probe.health(signal);
      if (signal.aborted) return undefined;
      this.around.checked?.(health);
      const found = stateOfHealth(health);
      if (!isWell(found)) return found;
      if (outlivesHealth(this.#state) && this.#well) return undefined;
      if (this.#state.kind !== found.kind && this.#state.kind !== "rateLimited") await this.probe.admitted(signal);
      return found;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof SFM2Error)) throw error;
      const state = stateOfFailedProbe(error);
      if (state.kind === "offline" || state.kind === "slow") this.around.checked?.(null);
      return state;
    }
  }

  #set(state: State): void {
    this.#sameTrouble = state.kind === this.#state.kind ? this.#sameTrouble + 1 : 0;
    if (isWell(state)) this.#well = state;
    if (state.kind === "rateLimited") this.#limitedUntil = Date.now() + 1_000 * nextCheck(state, 0);
    const changed = JSON.stringify(state) !== JSON.stringify(this.#state);
    this.#state = state;
    if (changed) this.around.changed(state);
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const limited = this.#state.kind === "rateLimited";
    const wait = limited ? this.#limitedUntil - Date.now() : 1_000 * nextCheck(this.#state, this.#sameTrouble);
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, wait));
  }

  #tick(): void {
    if (this.#state.kind === "ready" && !this.around.awake()) this.#schedule();
    else void this.check();
  }
}

function isWell(state: State): boolean {
  return state.kind === "ready" || state.kind === "degraded";
}
