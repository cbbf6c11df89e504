// What the dashboard says, tile by tile.
import type { Health, Stats } from "sfm2-client";
import { make } from "../elements.ts";
import type { Journal } from "../journal.ts";
import { inSeconds } from "../write/saying.ts";
import { chart } from "./chart.ts";
import { percentile, type Series } from "./series.ts";

export function healthTile(health: Health | null): HTMLElement {
  if (!health) return tile("Health", figure("unknown"), note("The server did not answer."));
  const rows = Object.entries(health.modelStatus).map(([name, status]) => {
    const detail = health.backends[name]?.reason || health.modelDetails[name];
    return make(
      "li",
      { class: `backend ${status}` },
      make("span", { class: "dot", "aria-hidden": "true" }),
      make("span", { class: "name" }, name),
      make("span", { class: "status" }, status.replaceAll("_", " ")),
      ...(detail ? [make("span", { class: "note" }, detail)] : []),
    );
  });
  return tile("Health", figure(health.status), make("ul", { class: "backends" }, ...rows));
}

export function requestsTile(stats: Stats): HTMLElement {
  const { totalRequests: total, successfulRequests: good } = stats;
  const failed = Object.entries(stats.errors).map(([code, count]) => `${count} × ${code.replaceAll("_", " ")}`);
  return tile(
    "Requests",
    figure(whole(total)),
    note(total ? `${percent(good / total)} answered` : "none yet"),
    note(`${whole(stats.fallbacks)} by a fallback`),
    ...(failed.length ? [note(`failed: ${failed.join(", ")}`)] : []),
    ...usage(stats),
  );
}

export function latencyTile(stats: Stats, journal: Journal): HTMLElement {
  const here = journal.answers.map((answer) => answer.seconds);
  const ours = stats.latency;
  const cell = (seconds: number | null | undefined) => make("td", {}, seconds == null ? "–" : inSeconds(seconds));
  const row = (
    name: string,
    p50: number | null | undefined,
    p90: number | null | undefined,
    p99: number | null | undefined,
  ) => make("tr", {}, make("th", { scope: "row" }, name), cell(p50), cell(p90), cell(p99));
  const table = make(
    "table",
    {},
    make("caption", { class: "unseen" }, "Time to answer"),
    make("thead", {}, make("tr", {}, ...["", "half", "90 %", "99 %"].map((head) => heading(head)))),
    make(
      "tbody",
      {},
      row("in the server", ours.p50, ours.p90, ours.p99),
      row("seen by this page", percentile(here, 0.5), percentile(here, 0.9), percentile(here, 0.99)),
    ),
  );
  const mean = stats.successfulRequests
    ? `${inSeconds(stats.averageResponseTime)} on average in the server`
    : "none yet";
  return tile("Time to answer", table, note(mean), note(`this page: ${whole(here.length)} since it was loaded`));
}

export function acceptanceTile(stats: Stats, journal: Journal): HTMLElement {
  const outcomes = stats.feedback;
  const rate = stats.acceptanceRate;
  return tile(
    "Acceptance",
    figure(rate == null ? "–" : percent(rate)),
    note(
      rate == null
        ? "no editor has reported what became of a suggestion yet"
        : `${outcomes.accepted ?? 0} accepted, ${outcomes.edited ?? 0} edited, ${outcomes.rejected ?? 0} rejected`,
    ),
    note(`this page: ${journal.accepted} accepted, ${journal.dismissed} dismissed`),
  );
}

export function tokensTile(series: Series, stats: Stats, width: number): HTMLElement {
  const points = series.rate((one) => one.tokensGenerated);
  return tile(
    "Tokens a second",
    chart(points, "Tokens a second", width),
    note(`${whole(stats.tokensGenerated)} in all`),
  );
}

export function trafficTile(series: Series, stats: Stats, width: number): HTMLElement {
  const points = series.rate((one) => one.totalRequests).map((point) => ({ ...point, value: point.value * 60 }));
  return tile(
    "Requests a minute",
    chart(points, "Requests a minute", width),
    note(`this process runs for ${duration(stats.uptime)}`),
  );
}

function usage(stats: Stats): HTMLElement[] {
  const rows = Object.entries(stats.modelUsage).map(([name, count]) => `${name} ${whole(count)}`);
  return rows.length ? [note(`answered by ${rows.join(", ")}`)] : [];
}

function tile(title: string, ...content: (Node | string)[]): HTMLElement {
  return make("section", { class: "tile" }, make("h2", {}, title), ...content);
}

function heading(text: string): HTMLElement {
  return text ? make("th", { scope: "col" }, text) : make("td");
}

function figure(text: string): HTMLElement {
  return make("p", { class: "figure" }, text);
}

function note(text: string): HTMLElement {
  return make("p", { class: "note" }, text);
}

function whole(value: number): string {
  return value.toLocaleString("en");
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share === 1 || share === 0 ? 0 : 1)} %`;
}

export function duration(seconds: number): string {
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min` : `${Math.floor(seconds)} s`;
}
