import { Refused, Unreachable } from "./errors.ts";
import type { Key } from "./key.ts";
import type { CompleteRequest, Completion, ErrorBody, Health, ModelList, Outcome, Stats } from "./wire.ts";

const PATIENCE = 120_000; // ms for a completion; the server's own limits are shorter
const GLANCE = 10_000; // ms for what the server answers from memory

/** The server that this page came from. Every call throws `Refused` or `Unreachable`; an abort stays an abort. */
export class Server {
  readonly base: string;
  readonly key: Key;

  constructor(base: string, key: Key) {
    this.base = base;
    this.key = key;
  }

  async complete(asked: CompleteRequest, signal: AbortSignal): Promise<Completion> {
    return (await this.#ask("complete", { body: asked, signal, patience: PATIENCE })).json();
  }

  async feedback(id: string, outcome: Outcome): Promise<void> {
    await this.#ask("feedback", { body: { id, outcome } });
  }

  async stats(): Promise<Stats> {
    return (await this.#ask("stats")).json();
  }

  async models(): Promise<ModelList> {
    return (await this.#ask("v1/models")).json();
  }

  /** Also of a server that is unhealthy: the body is the same. */
  async health(): Promise<Health> {
    const response = await this.#fetch("health", {});
    if (!response.ok && response.status !== 503) throw await refusal(response);
    return response.json();
  }

  async ready(): Promise<boolean> {
    return (await this.#fetch("health/ready", {})).ok;
  }

  async #ask(path: string, options: Options = {}): Promise<Response> {
    const response = await this.#fetch(path, options);
    if (!response.ok) throw await refusal(response);
    return response;
  }

  async #fetch(path: string, { body, signal, patience = GLANCE }: Options): Promise<Response> {
    const headers = new Headers();
    if (this.key.value) headers.set("Authorization", `Bearer ${this.key.value}`);
    if (body !== undefined) headers.set("Content-Type", "application/json");
    const late = AbortSignal.timeout(patience);
    try {
      return await fetch(new URL(path, this.base), {
        method: body === undefined ? "GET" : "POST",
        body: body === undefined ? null : JSON.stringify(body),
        headers,
        cache: "no-store",
        signal: signal ? AbortSignal.any([signal, late]) : late,
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Unreachable(late.aborted ? "The server takes too long to answer." : "The server does not answer.");
    }
  }
}

interface Options {
  body?: unknown;
  signal?: AbortSignal;
  patience?: number;
}

async function refusal(response: Response): Promise<Refused> {
  const after = Number.parseFloat(response.headers.get("Retry-After") ?? "");
  return new Refused(response.status, errorOf(await response.text(), response.status), after >= 0 ? after : null);
}

/** Of our body, of the one that OpenAI's routes answer with, or of what a proxy in between wrote. */
export function errorOf(text: string, status: number): ErrorBody {
  const unknown = { error: `http_${status}`, message: `The server answered with status ${status}.`, details: {} };
  try {
    const body = JSON.parse(text);
    if (typeof body.message === "string") return { ...unknown, ...body };
    if (typeof body.error?.message === "string") return { ...unknown, message: body.error.message };
  } catch {
    // not JSON: a proxy's page
  }
  return unknown;
}
