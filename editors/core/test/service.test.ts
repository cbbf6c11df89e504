/** The core against a real server with the `echo` backend. */
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { SFM2Error } from "sfm2-client";
import { Connection, type Probe } from "../src/connection.ts";
import { Service } from "../src/service.ts";
import type { State } from "../src/state.ts";
import type { CompletionRequest } from "../src/suggester.ts";
import { Document } from "./document.ts";
import { Sfm2Server } from "./sfm2Server.ts";

let server: Sfm2Server;
let service: Service;
const never = new AbortController().signal;

before(async () => {
  server = await Sfm2Server.at(mkdtempSync(join(tmpdir(), "sfm2-ask-")), { SFM2_FALLBACK_CHAIN: "echo" });
  await server.start();
  service = new Service(server.url, undefined);
});

after(() => server.stop());

function asking(prefix: string, maxLength = 20): CompletionRequest {
  return { place: new Document(prefix).place("a.py"), options: { mode: "line", maxLength } };
}

/** The state after a check. */
async function found(one: Probe): Promise<State> {
  const connection = new Connection(one, { awake: () => true, changed: () => undefined });
  await connection.check();
  connection.dispose();
  return connection.state;
}

test("an answer is what belongs between prefix and suffix", async () => {
  const answer = await service.complete(asking("total = 1 + total  # echo: + 2"), never);
  assert.equal(answer.modelUsed, "echo");
  assert.ok(answer.id && answer.confidence > 0);
});

test("what the server refuses is reported in its words", async () => {
  await assert.rejects(service.complete(asking("x = ", 99_999), never), (error) => {
    assert.ok(error instanceof SFM2Error);
    assert.equal(error.code, "invalid_request");
    assert.match(error.message, /max_length/);
    return true;
  });
});

test("code of other files goes with a request, as it is when it is sent", async () => {
  const bodies: string[] = [];
  const spying = new Service(server.url, undefined, (url, init) => {
    bodies.push(`${init.body}`);
    return fetch(url, init);
  });
  const excerpt = { path: "shop/model.py", text: "class Cart: ...", first: 6, last: 6, file: "/w/shop/model.py" };
  await spying.complete({ ...asking("# echo: 1"), context: () => [excerpt] }, never);
  await spying.complete({ ...asking("# echo: 1"), context: () => [] }, never);
  const contexts = bodies.map((body) => (JSON.parse(body) as { context?: unknown }).context);
  assert.deepEqual(contexts, [[{ path: "shop/model.py", text: "class Cart: ..." }], undefined]);
});

test("a request that is cancelled ends at once, and is no failure", async () => {
  const cancel = new AbortController();
  const running = service.complete(
    asking("# echo-slow:one two three four five six seven eight nine ten"),
    cancel.signal,
  );
  setTimeout(() => cancel.abort(), 100);
  await assert.rejects(running, (error) => !(error instanceof SFM2Error));
});

test("a server that runs is ready", async () => {
  assert.deepEqual(await found(new Service(server.url, undefined)), { kind: "ready", model: "echo" });
});

test("nothing there: offline", async () => {
  assert.equal((await found(new Service("http://127.0.0.1:9", undefined))).kind, "offline");
});

test("something else there: not an SFM-2 server", async () => {
  const other: Server = createServer((_, response) => response.end("<html>It works!</html>"));
  await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
  const { port } = other.address() as AddressInfo;
  assert.equal((await found(new Service(`http://127.0.0.1:${port}`, undefined))).kind, "foreign");
  other.close();
});

test("once there is a key, none and a wrong one are rejected, and the right one is accepted", async () => {
  const key = server.createKey();
  assert.equal((await found(new Service(server.url, undefined))).kind, "wrongKey");
  assert.equal((await found(new Service(server.url, "sfm2-wrong"))).kind, "wrongKey");
  assert.equal((await found(new Service(server.url, key))).kind, "ready");
  const narrow = new Service(server.url, server.createKey("--scope", "generate"));
  assert.equal((await found(narrow)).kind, "ready");
  assert.equal(await narrow.stats(), null, "which tells of everybody");
});

test("a malformed address is reported when it is used", async () => {
  await assert.rejects(new Service("nowhere", undefined).health(), (error) => {
    assert.ok(error instanceof SFM2Error);
    assert.match(error.message, /apiUrl/);
    return true;
  });
});
