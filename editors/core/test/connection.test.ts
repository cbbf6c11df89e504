import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import {
  AdapterError,
  APIConnectionError,
  AuthenticationError,
  type Health,
  RateLimitError,
  type SFM2Error,
} from "sfm2-client";
import { Connection, type Probe } from "../src/connection.ts";
import type { State } from "../src/state.ts";

const WELL: Health = {
  status: "healthy",
  modelStatus: { sfm2: "available" },
  modelDetails: {},
  backends: { sfm2: { status: "available", reason: "", model: "tiny" } },
  timestamp: "2026-01-01T00:00:00Z",
  version: "0.1.0",
};
const AWAY = new APIConnectionError("refused");
const WRONG_KEY = new AuthenticationError("no such key");

/** A server whose health and admission the test sets; counts how often it is checked. */
class Switched implements Probe {
  looks = 0;
  admissions = 0;
  away: SFM2Error | undefined;
  turnedAway: SFM2Error | undefined;

  async health(): Promise<Health> {
    this.looks++;
    if (this.away) throw this.away;
    return WELL;
  }

  async admitted(): Promise<void> {
    this.admissions++;
    if (this.turnedAway) throw this.turnedAway;
  }
}

function connected(server: Switched): { connection: Connection; said: State["kind"][] } {
  const said: State["kind"][] = [];
  const connection = new Connection(server, { awake: () => true, changed: (state) => said.push(state.kind) });
  return { connection, said };
}

beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "Date"] }));
afterEach(() => mock.timers.reset());

async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    mock.timers.tick(1_000);
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  }
}

test("a server that goes away is said once, and it is found when it is back", async () => {
  const server = new Switched();
  const { connection, said } = connected(server);
  await connection.check();
  server.away = AWAY;
  connection.failed(AWAY);
  await pass(120);
  assert.deepEqual(said, ["ready", "offline"]);
  server.away = undefined;
  await pass(16);
  assert.deepEqual(said, ["ready", "offline", "ready"]);
});

test("a server that goes away while the user does not type is noticed too", async () => {
  const server = new Switched();
  const { connection, said } = connected(server);
  await connection.check();
  server.away = AWAY;
  await pass(31);
  assert.deepEqual(said, ["ready", "offline"]);
});

test("a wrong key stays said although the server is well, until the server takes it", async () => {
  const server = new Switched();
  server.turnedAway = WRONG_KEY;
  const { connection, said } = connected(server);
  await connection.check();
  await pass(60);
  assert.deepEqual(said, ["wrongKey"]);
  server.turnedAway = undefined;
  await pass(16);
  assert.deepEqual(said, ["wrongKey", "ready"]);
});

test("what a request was refused for stays said until a request is answered", async () => {
  const { connection, said } = connected(new Switched());
  await connection.check();
  connection.failed(new AdapterError("no adapter mine"));
  await pass(90);
  assert.deepEqual(said, ["ready", "refused"]);
  connection.answered(undefined);
  assert.equal(said.at(-1), "ready");
});

test("a rate limit is waited out without a request that counts against it", async () => {
  const server = new Switched();
  const { connection, said } = connected(server);
  await connection.check();
  const { admissions } = server;
  connection.failed(new RateLimitError("too many", { retryAfter: 20 }));
  for (let second = 0; second < 19; second++) {
    connection.nudge();
    await pass(1);
  }
  assert.deepEqual(said, ["ready", "rateLimited"]);
  await pass(2);
  assert.deepEqual(said, ["ready", "rateLimited", "ready"]);
  assert.equal(server.admissions, admissions);
});

test("typing while the server is away checks for it, but not at every key", async () => {
  const server = new Switched();
  server.away = AWAY;
  const { connection } = connected(server);
  await connection.check();
  await pass(40);
  const before = server.looks;
  for (let key = 0; key < 50; key++) connection.nudge();
  assert.ok(server.looks - before <= 1, `${server.looks - before} looks`);
});

test("while the user is elsewhere a server that is well is not checked", async () => {
  const server = new Switched();
  const connection = new Connection(server, { awake: () => false, changed: () => undefined });
  await connection.check();
  await pass(300);
  assert.equal(server.looks, 1);
});
