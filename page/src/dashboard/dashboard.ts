import type { Connection } from "../api/connection.ts";
import type { Server } from "../api/server.ts";
import type { Health } from "../api/wire.ts";
import { make, part } from "../elements.ts";
import type { Journal } from "../journal.ts";
import { Series } from "./series.ts";
import { acceptanceTile, healthTile, latencyTile, requestsTile, tokensTile, trafficTile } from "./tiles.ts";

const EVERY = 5000; // ms, while it is looked at: each look counts as a request where rates are limited

const TWO_ABREAST = 608; // px: dashboard.css puts charts below each other in less
const GAP = 28;

/** /health and /stats, asked for while the dashboard is open and the tab is visible. */
export class Dashboard {
  #server: Server;
  #connection: Connection;
  #journal: Journal;
  #series = new Series();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #open = false;
  #place = part("tiles", HTMLDivElement);
  #sampled = part("sampled", HTMLParagraphElement);

  constructor(server: Server, connection: Connection, journal: Journal) {
    this.#server = server;
    this.#connection = connection;
    this.#journal = journal;
    document.addEventListener("visibilitychange", () => this.#again());
    connection.addEventListener("back", () => this.#again());
  }

  show(open: boolean): void {
    this.#open = open;
    this.#again();
  }

  /** One look at the counters. Throws as `Server` does. */
  async sample(): Promise<void> {
    const stats = await this.#server.stats();
    this.#series.add({ at: Date.now(), stats });
  }

  #again(): void {
    clearTimeout(this.#timer);
    if (this.#open && document.visibilityState === "visible") void this.#look();
  }

  async #look(): Promise<void> {
    if (!this.#connection.blocked) {
      const health = await this.#server.health().catch(() => null);
      await this.sample().then(
        () => this.#connection.worked(),
        (error: unknown) => this.#connection.failed(error),
      );
      this.#draw(health);
    }
    clearTimeout(this.#timer);
    if (this.#open && document.visibilityState === "visible") this.#timer = setTimeout(() => void this.#look(), EVERY);
  }

  #draw(health: Health | null): void {
    const { last } = this.#series;
    const time = last ? new Date(last.at).toLocaleTimeString() : "";
    this.#sampled.textContent = last ? `As of ${time}, every ${EVERY / 1000} seconds while this is open.` : "";
    const all = this.#place.clientWidth;
    const width = all > TWO_ABREAST ? (all - GAP) / 2 : all;
    const tiles = [healthTile(health)];
    if (last) {
      tiles.push(
        requestsTile(last.stats),
        latencyTile(last.stats, this.#journal),
        acceptanceTile(last.stats, this.#journal),
        tokensTile(this.#series, last.stats, width),
        trafficTile(this.#series, last.stats, width),
      );
    } else {
      tiles.push(make("p", { class: "hint" }, "The counters can't be read now."));
    }
    this.#place.replaceChildren(...tiles);
  }
}
