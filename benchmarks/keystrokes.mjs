/**
 * From keystroke to ghost text: replays `keystrokes.json` in real time through the editor core, against real weights,
 * with its cache and without, alternating in one run.
 *
 *   for part in clients/js editors/core; do (cd $part && npm ci && npm run build); done
 *   node benchmarks/keystrokes.mjs [--rounds 3] [--url http://127.0.0.1:8000]
 *
 * Without --url it starts a server of its own. It needs the default weights and an otherwise idle machine.
 * A keystroke counts as shown if ghost text is there before the next one; what comes later the editor would not show.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";

const here = import.meta.dirname;
const core = await import("../editors/core/dist/core.mjs").catch(() => {
  console.error("There is no editors/core/dist/core.mjs: run `npm ci && npm run build` in editors/core first.");
  process.exit(1);
});

const INDENT = 4;
const CLOSERS = { "(": ")", "[": "]", "{": "}" };

/** A document with its cursor. Brackets are closed as one types them, and typed over, as VS Code does. */
class Typed {
  constructor(before, after) {
    this.before = before;
    this.after = after;
  }

  key(text) {
    if (text === "\b") this.#backspace();
    else if (this.after.startsWith(text) && Object.values(CLOSERS).includes(text)) this.#over(text);
    else {
      this.before += text;
      this.after = (CLOSERS[text] ?? "") + this.after;
    }
  }

  #over(text) {
    this.before += text;
    this.after = this.after.slice(text.length);
  }

  #backspace() {
    const line = this.before.slice(this.before.lastIndexOf("\n") + 1);
    const indented = line.length > 0 && line.trim() === "";
    this.before = this.before.slice(0, indented ? -(((line.length - 1) % INDENT) + 1) : -1);
  }

  place(path) {
    const lines = (this.before + this.after).split("\n");
    const above = this.before.split("\n");
    const source = { lineCount: lines.length, lineAt: (line) => lines[line] };
    return { ...core.windowAround(source, above.length - 1, above.at(-1).length), path, language: "python" };
  }
}

/** As the VS Code extension sends it. */
function requestAt(place) {
  return { place, options: { mode: core.modeAt(place), maxLength: 96, timeLimit: 2 } };
}

/** Types the recording once. A first line of its own keeps a replay from finding in the engine what another one left. */
async function replay(service, recording, cached, number) {
  const seen = { keys: 0, shown: [], requests: 0 };
  const ask = (request, signal, heard) => {
    seen.requests++;
    return service.complete(request, signal, heard);
  };
  const suggester = new core.Suggester(ask, cached ? {} : { cache: null });
  const pace = new core.Pace();
  const typed = new Typed(`# session ${number}\n${recording.before}`, recording.after);
  const never = new AbortController().signal;
  const running = [];
  let due = performance.now();
  for (const [gap, text] of recording.keys) {
    due += gap;
    await pause(Math.max(0, due - performance.now()));
    typed.key(text);
    const at = performance.now();
    pace.key(at);
    seen.keys++;
    const how = { invoked: false, mayAsk: () => text !== "\b", delay: pace.delay(), minConfidence: 0 };
    running.push(
      suggester.suggest(requestAt(typed.place(recording.path)), how, never).then((found) => {
        if (found) seen.shown.push(performance.now() - at);
      }),
    );
  }
  await pause(1_000);
  suggester.stop();
  await Promise.all(running);
  return seen;
}

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

function summary(replays) {
  const shown = replays.flatMap((one) => one.shown);
  const keys = replays.reduce((sum, one) => sum + one.keys, 0);
  const requests = replays.reduce((sum, one) => sum + one.requests, 0);
  const milliseconds = (share) => (shown.length ? `${quantile(shown, share).toFixed(0)} ms` : "-");
  return [milliseconds(0.5), milliseconds(0.95), `${((100 * shown.length) / keys).toFixed(0)} %`, `${requests}`, `${keys}`];
}

const ROWS = ["to ghost text, median", "to ghost text, 95th percentile", "keystrokes with ghost text", "requests sent", "keystrokes"];

function print(withCache, without) {
  const [left, right] = [summary(withCache), summary(without)];
  const line = (name, a, b) => console.log(name.padEnd(32) + a.padStart(12) + b.padStart(12));
  line("", "cache", "no cache");
  for (const [index, name] of ROWS.entries()) line(name, left[index], right[index]);
}

async function started() {
  const folder = mkdtempSync(join(tmpdir(), "sfm2-keystrokes-"));
  const url = `http://127.0.0.1:${await freePort()}`;
  const program = process.env.SFM2_BIN ?? join(here, "../.venv/bin/sfm2");
  const environment = { ...process.env, SFM2_STORAGE_DATA_DIR: folder };
  const server = spawn(program, ["serve", "--port", new URL(url).port], { env: environment, stdio: ["ignore", "ignore", "inherit"] });
  process.once("exit", () => {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  while (!(await fetch(`${url}/health/ready`).catch(() => undefined))?.ok) {
    if (server.exitCode !== null) throw new Error(`sfm2 serve ended with ${server.exitCode}`);
    await pause(200);
  }
  return url;
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

const { values } = parseArgs({ options: { rounds: { type: "string", default: "3" }, url: { type: "string" } } });
const recording = JSON.parse(readFileSync(join(here, "keystrokes.json"), "utf8"));
const url = values.url ?? (await started());
const service = new core.Service(url, process.env.SFM2_API_KEY || undefined);
await service.complete(requestAt(new Typed("def warm_up():\n    ", "").place(recording.path)), new AbortController().signal);
const replays = { true: [], false: [] };
let number = 0;
for (let round = 0; round < Number(values.rounds); round++) {
  // Who goes first changes, so that a machine that drifts is the same for both.
  for (const cached of round % 2 ? [false, true] : [true, false]) {
    replays[cached].push(await replay(service, recording, cached, ++number));
    console.error(`replay ${number} of ${2 * values.rounds}, ${cached ? "with" : "without"} cache: ${replays[cached].at(-1).requests} requests`);
  }
}
print(replays.true, replays.false);
process.exit(0);
