import type { Connection } from "./api/connection.ts";
import type { Server } from "./api/server.ts";
import type { Health } from "./api/wire.ts";
import { make, part } from "./elements.ts";

const EVERY = 30_000; // ms; health is open and never limited

/** The word in the header: whether the server works, and who would answer. */
export class Overview {
  #server: Server;
  #connection: Connection;
  #place = part("health", HTMLSpanElement);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(server: Server, connection: Connection) {
    this.#server = server;
    this.#connection = connection;
  }

  watch(): void {
    this.#connection.addEventListener("change", () => void this.#look());
    document.addEventListener("visibilitychange", () => void this.#look());
    void this.#look();
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    if (document.visibilityState !== "visible") return;
    this.#show(await this.#server.health().catch(() => null));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), EVERY);
  }

  #show(health: Health | null): void {
    const { state, label, why } = inAWord(health);
    this.#place.className = `health ${state}`;
    this.#place.title = why;
    this.#place.replaceChildren(make("span", { class: "dot", "aria-hidden": "true" }), label);
  }
}

function inAWord(health: Health | null): { state: "good" | "busy" | "bad"; label: string; why: string } {
  if (!health) return { state: "bad", label: "no answer", why: "The server does not answer" };
  const why = Object.entries(health.model_status)
    .map(([name, status]) => `${name}: ${status.replaceAll("_", " ")}`)
    .join("\n");
  if (health.status === "unhealthy") {
    const loading = Object.values(health.model_status).includes("loading");
    return { state: loading ? "busy" : "bad", label: loading ? "loading" : "unhealthy", why };
  }
  const first = Object.entries(health.model_status).find(
    ([, status]) => status === "available" || status === "configured",
  );
  return { state: health.status === "healthy" ? "good" : "busy", label: first?.[0] ?? health.status, why };
}
