import type { Point } from "./series.ts";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 150;
const LEFT = 40;
const BOTTOM = 20;
const TOP = 8;

/** Steps over time: each value holds from one sample to the next. `width` is in pixels. */
export function chart(points: Point[], label: string, width: number): SVGSVGElement {
  const most = ceiling(Math.max(0, ...points.map((point) => point.value)));
  const begin = points[0]?.from ?? 0;
  const end = points.at(-1)?.to ?? 1;
  const x = (at: number) => LEFT + ((at - begin) / (end - begin || 1)) * (width - LEFT);
  const y = (value: number) => TOP + (1 - value / most) * (HEIGHT - TOP - BOTTOM);
  const last = points.at(-1);
  const spoken = last
    ? `${label}: now ${shown(last.value)}, at most ${shown(Math.max(...points.map((p) => p.value)))}`
    : label;
  const svg = node("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": spoken, class: "chart" });
  for (const value of [0, most / 2, most]) {
    svg.append(node("line", { x1: LEFT, x2: width, y1: y(value), y2: y(value), class: value ? "grid" : "axis" }));
    svg.append(text(shown(value), LEFT - 8, y(value) + 4, "end"));
  }
  if (last) {
    const line = points.map(({ from, to, value }) => `${x(from)},${y(value)} ${x(to)},${y(value)}`).join(" ");
    svg.append(node("polygon", { points: `${x(begin)},${y(0)} ${line} ${x(end)},${y(0)}`, class: "area" }));
    svg.append(node("polyline", { points: line, class: "line" }));
    svg.append(text(clock(begin), LEFT, HEIGHT - 3, "start"), text(clock(end), width, HEIGHT - 3, "end"));
  }
  return svg;
}

/** The next of 1, 2, 5, 10, 20, 50, ... */
export function ceiling(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((one) => one * power >= value) ?? 10) * power;
}

function shown(value: number): string {
  return value >= 10 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
}

function clock(at: number): string {
  return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

function node(name: string, attributes: Record<string, string | number>): SVGSVGElement {
  const element = document.createElementNS(SVG, name) as SVGSVGElement;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

function text(content: string, x: number, y: number, anchor: string): SVGSVGElement {
  const element = node("text", { x, y, "text-anchor": anchor });
  element.textContent = content;
  return element;
}
