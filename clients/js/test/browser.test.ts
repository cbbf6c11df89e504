/** The bundle in a real browser: Debian's Chromium, on a page that is served where the API is. */

import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { Service } from "./service.js";

const PAGE = `
  import { SFM2Client } from "./src/index.js";

  const client = new SFM2Client({ apiUrl: location.origin });
  const name = (work) => work.then(() => "no error", (error) => error.name + ": " + error.message);

  async function look() {
    const stream = client.generateStream("x\\necho:é 🦊", { guard: false });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk.text);
    const stop = new AbortController();
    const stopped = name(client.generate("x\\necho-slow:a b c d e f", { signal: stop.signal }));
    setTimeout(() => stop.abort(), 100);
    return {
      completion: (await client.generate("x\\necho:a b")).completion,
      chunks,
      backend: stream.result.modelUsed,
      refused: await name(client.generate("")),
      stopped: await stopped,
      moved: await name(new SFM2Client({ apiUrl: location.origin + "/moved" }).generate("x")),
      nobody: await name(new SFM2Client({ apiUrl: "http://127.0.0.1:9", maxRetries: 0 }).generate("x")),
    };
  }

  const report = (found) => fetch("/report", { method: "POST", body: JSON.stringify(found) });
  look().then(report, (error) => report({ error: String(error) }));
`;

function chromium(): string | undefined {
  for (const name of [process.env.SFM2_CHROMIUM ?? "chromium", "chromium-browser", "google-chrome"]) {
    try {
      execFileSync(name, ["--version"], { stdio: "ignore" });
      return name;
    } catch {}
  }
  return undefined;
}

const browser = chromium();

test("in a browser", {
  skip: browser === undefined && "there is no Chromium: apt-get install chromium, or name one by SFM2_CHROMIUM",
}, async (context) => {
  const service = await Service.start();
  context.after(() => service.stop());
  const script = await bundle();
  const { promise: reported, resolve: report } = promised<string>();
  const site = await listening(
    createServer((asked, answer) => {
      if (asked.url === "/") answer.setHeader("Content-Type", "text/html").end(`<script>${script}</script>`);
      else if (asked.url === "/report")
        void text(asked)
          .then(report)
          .then(() => answer.end());
      else if (asked.url?.startsWith("/moved")) answer.writeHead(307, { Location: "http://127.0.0.1:9/" }).end();
      else forward(service.url, asked, answer);
    }),
  );
  context.after(() => site.close());
  const profile = mkdtempSync(join(tmpdir(), "sfm2-chromium-"));
  const url = `http://127.0.0.1:${(site.address() as AddressInfo).port}/`;
  const quiet = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", `--user-data-dir=${profile}`];
  const running = spawn(browser ?? "", [...quiet, url], { stdio: "ignore" });
  context.after(async () => {
    await ended(running);
    site.closeAllConnections();
    await rm(profile, { recursive: true, force: true, maxRetries: 30 }); // its children take a moment to end
  });
  const { moved, nobody, refused, stopped, ...found } = JSON.parse(await reported);
  assert.deepEqual(found, { completion: "a b", chunks: ["é", " 🦊"], backend: "echo" });
  assert.match(refused, /^InvalidRequestError: .*prompt/);
  assert.match(stopped, /^AbortError/);
  assert.match(moved, /^ServerError: the answer is not SFM-2's \(a redirect\)/);
  assert.match(nobody, /^APIConnectionError: cannot reach/);
});

async function bundle(): Promise<string> {
  const resolveDir = fileURLToPath(new URL("../", import.meta.url));
  const { outputFiles } = await esbuild.build({
    stdin: { contents: PAGE, resolveDir },
    bundle: true,
    platform: "browser",
    minify: true,
    write: false,
    charset: "ascii",
  });
  return outputFiles[0]?.text ?? "";
}

function forward(to: string, asked: IncomingMessage, answer: ServerResponse): void {
  const { method, headers } = asked;
  const onward = request(to + asked.url, { method, headers }, (from) => {
    answer.writeHead(from.statusCode ?? 502, from.headers);
    from.pipe(answer);
  });
  onward.on("error", () => answer.destroy());
  answer.on("close", () => onward.destroy());
  asked.pipe(onward);
}

async function listening(server: Server): Promise<Server> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = once(child, "exit");
  child.kill();
  await exit;
}

function promised<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
