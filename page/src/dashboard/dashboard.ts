import type { Health } from "sfm2-client";
import type { Service } from "sfm2-editor-core";
import type { PageConnection } from "../api/connection.ts";
import { make, part } from "../elements.ts";
import type { Journal } from "../journal.ts";
import type { Series } from "./series.ts";
import { acceptanceTile, healthTile, latencyTile, requestsTile, tokensTile, trafficTile } from "./tiles.ts";

const EVERY = 5000; // ms, while it is open: each sample counts as a request where rates are limited

const BARRED = "This API key may not read the counters: it has not the scope stats.";
const TWO_ABREAST = 608; // px: dashboard.css puts charts below each other in less
const GAP = 28;

/** /health and /stats, asked for while the dashboard is open and the tab is visible. */
export class Dashboard {
  #service: Service;
  #connection: PageConnection;
  #journal: Journal;
  #series: Series;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #open = false;
  /** The API key may not read the counters. */
  #barred = false;
  #place = part("tiles", HTMLDivElement);
  #sampled = part("sampled", HTMLParagraphElement);

  constructor(service: Service, connection: PageConnection, journal: Journal, series: Series) {
    this.#service = service;
    this.#series = series;
    this.#connection = connection;
    this.#journal = journal;
    document.addEventListener("visibilitychange", () => this.#again());
    connection.addEventListener("back", () => this.#again());
  }

  show(open: boolean): void {
    this.#open = open;
    this.#again();
  }

  #again(): void {
    clearTimeout(this.#timer);
    if (this.#open && document.visibilityState === "visible") void this.#look();
  }

  async #look(): Promise<void> {
    if (!this.#connection.blocked) {
      const health = await this.#service.health().catch(() => null);
      await this.#service.stats().then(
        (stats) => {
          this.#barred = stats === null;
          if (stats) this.#series.add({ at: Date.now(), stats });
        },
        (error: unknown) => this.#connection.failed(error),
      );
      this.#draw(health);
    }
    clearTimeout(this.#timer);
    if (this.#open && document.visibilityState === "visible") this.#timer = setTimeout(() => void this.#look(), EVERY);
  }

  #draw(health: Health | null): void {
    const last = this.#barred ? undefined : this.#series.last;
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
      tiles.push(make("p", { class: "hint" }, this.#barred ? BARRED : "The counters can't be read now."));
    }
    this.#place.replaceChildren(...tiles);
  }
}
