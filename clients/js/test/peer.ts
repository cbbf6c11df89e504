/** A small real server that does what a healthy service never does. */

import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { TestContext } from "node:test";

/** What to send, and what after that: hang up, fall silent, or die as a machine does. */
export interface Turn {
  readonly say: string | readonly string[];
  readonly after?: "end" | "silence" | "reset";
}

/** Takes a turn for each request; the last one from then on. */
export class Peer {
  /** The requests, head and body. */
  readonly asked: string[] = [];
  /** Resolves when a client hangs up first. */
  readonly left: Promise<void>;
  readonly #turns: readonly Turn[];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #leave = (): void => {};

  private constructor(turns: readonly Turn[]) {
    this.#turns = turns;
    this.left = new Promise((resolve) => {
      this.#leave = resolve;
    });
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** Closed with its test. */
  static async serving(test: TestContext, ...turns: (Turn | string)[]): Promise<Peer> {
    const peer = new Peer(turns.map((turn) => (typeof turn === "string" ? { say: turn } : turn)));
    peer.#server.listen(0, "127.0.0.1");
    await once(peer.#server, "listening");
    test.after(() => peer.#close());
    return peer;
  }

  get url(): string {
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Error("not listening");
    return `http://127.0.0.1:${address.port}`;
  }

  #serve(socket: Socket): void {
    let request = "";
    this.#sockets.add(socket);
    socket.setNoDelay();
    socket.on("error", () => {});
    socket.on("close", this.#leave);
    socket.on("data", (data) => {
      request += data;
      const [head = "", body] = request.split("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (body === undefined || Buffer.byteLength(body) < length) return;
      this.asked.push(request);
      request = "";
      const turn = this.#turns[Math.min(this.asked.length, this.#turns.length) - 1];
      if (turn) void take(turn, socket);
    });
  }

  #close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

async function take(turn: Turn, socket: Socket): Promise<void> {
  for (const part of [turn.say].flat()) {
    socket.write(part);
    await new Promise((sent) => setTimeout(sent, 20)); // so that they come apart
  }
  if (turn.after === "reset") socket.resetAndDestroy();
  else if (turn.after !== "silence") socket.end();
}

/** A whole response; what is no text goes as JSON. */
export function answer(status: number, body: unknown, headers: Record<string, string> = {}): string {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const named = { "Content-Type": "application/json", "Content-Length": `${Buffer.byteLength(text)}`, ...headers };
  return `${head(status, { ...named, Connection: "close" })}${text}`;
}

/** The head of a stream whose end is the connection's. */
export const STREAM = head(200, { "Content-Type": "text/event-stream", "X-Request-ID": "r1", Connection: "close" });

export function event(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}

export const COMPLETION = {
  generated_code: "xy",
  completion: "y",
  model_used: "sfm2",
  confidence: 0.5,
  processing_time: 0.1,
  finish_reason: "stop",
  a_field_of_a_newer_server: 1,
};
export const CHUNK = event("chunk", { text: "a" });
export const DONE = event("done", COMPLETION);
export const LOADING = { error: "model_unavailable", message: "loading", fallback_used: "gpt2_lora" };

function head(status: number, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Reason\r\n${lines.join("")}\r\n`;
}
