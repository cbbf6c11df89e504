/** The core against a real server, with the backend that says the prompt's words back. */
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { SFM2Client } from "sfm2-client";
import { ask, healthOf, told } from "../../src/core/ask";
import { Connection, type Probe } from "../../src/core/connection";
import { RequestFailed } from "../../src/core/failure";
import type { State } from "../../src/core/state";
import type { Request } from "../../src/core/suggester";
import { Sfm2Server } from "../editor/sfm2Server";
import { Document } from "./document";

let server: Sfm2Server;
let client: SFM2Client;
const never = new AbortController().signal;

before(async () => {
  server = await Sfm2Server.at(mkdtempSync(join(tmpdir(), "sfm2-ask-")), { SFM2_FALLBACK_CHAIN: "echo" });
  await server.start();
  client = new SFM2Client({ apiUrl: server.url, maxRetries: 0 });
});

after(() => server.stop());

function asking(prefix: string, more: Partial<Request> = {}): Request {
  return { ...new Document(prefix).place("a.py"), mode: "line", maxLength: 20, adapter: "", ...more };
}

function probe(url: string, apiKey?: string): Probe {
  const quick = new SFM2Client({ apiUrl: url, apiKey, maxRetries: 0, timeout: 5_000 });
  return {
    health: (signal) => healthOf(quick, signal),
    admitted: async (signal) => void (await told(quick.stats({ signal }), signal)),
  };
}

/** How it stands after a look. */
async function found(one: Probe): Promise<State> {
  const connection = new Connection(one, { awake: () => true, changed: () => undefined });
  await connection.check();
  connection.dispose();
  return connection.state;
}

test("an answer is what belongs between prefix and suffix", async () => {
  const answer = await ask(client, asking("total = 1 + total  # echo: + 2"), never);
  assert.equal(answer.backend, "echo");
  assert.ok(answer.id && answer.confidence > 0);
});

test("what the server refuses is told in its words", async () => {
  await assert.rejects(ask(client, asking("x = ", { maxLength: 99_999 }), never), (error) => {
    assert.ok(error instanceof RequestFailed);
    assert.equal(error.failure.code, "invalid_request");
    assert.match(error.failure.message, /max_length/);
    return true;
  });
});

test("a request that is given up ends at once, and is no failure", async () => {
  const cancel = new AbortController();
  const running = ask(client, asking("# echo-slow:one two three four five six seven eight nine ten"), cancel.signal);
  setTimeout(() => cancel.abort(), 100);
  await assert.rejects(running, (error) => !(error instanceof RequestFailed));
});

test("a server that runs is ready", async () => {
  assert.deepEqual(await found(probe(server.url)), { kind: "ready", model: "echo" });
});

test("nothing there: offline", async () => {
  assert.equal((await found(probe("http://127.0.0.1:9"))).kind, "offline");
});

test("something else there: no SFM-2", async () => {
  const other: Server = createServer((_, response) => response.end("<html>It works!</html>"));
  await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
  const { port } = other.address() as AddressInfo;
  assert.equal((await found(probe(`http://127.0.0.1:${port}`))).kind, "foreign");
  other.close();
});

test("once there is a key, none and a wrong one are turned away, and the right one is taken", async () => {
  const key = server.createKey();
  assert.equal((await found(probe(server.url))).kind, "wrongKey");
  assert.equal((await found(probe(server.url, "sfm2-wrong"))).kind, "wrongKey");
  assert.equal((await found(probe(server.url, key))).kind, "ready");
});
