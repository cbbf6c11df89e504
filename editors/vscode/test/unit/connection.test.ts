import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Connection, type Probe } from "../../src/core/connection";
import { type Failure, RequestFailed } from "../../src/core/failure";
import type { Health, State } from "../../src/core/state";

const WELL: Health = { status: "healthy", models: { sfm2: "available" }, details: { sfm2: "tiny on CPU" } };
const AWAY: Failure = { code: "connection_failed", message: "refused" };
const WRONG_KEY: Failure = { code: "unauthorized", message: "no such key" };

/** A server whose health and admission the test sets; counts how often it is looked at. */
class Switched implements Probe {
  looks = 0;
  away: Failure | undefined;
  turnedAway: Failure | undefined;

  async health(): Promise<Health> {
    this.looks++;
    if (this.away) throw new RequestFailed(this.away);
    return WELL;
  }

  async admitted(): Promise<void> {
    if (this.turnedAway) throw new RequestFailed(this.turnedAway);
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

test("a server that goes away while nobody types is noticed too", async () => {
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
  connection.failed({ code: "adapter_error", message: "no adapter mine" });
  await pass(90);
  assert.deepEqual(said, ["ready", "refused"]);
  connection.answered(undefined);
  await pass(1);
  assert.equal(said.at(-1), "ready");
});

test("typing while the server is away looks for it, but not at every key", async () => {
  const server = new Switched();
  server.away = AWAY;
  const { connection } = connected(server);
  await connection.check();
  await pass(40);
  const before = server.looks;
  for (let key = 0; key < 50; key++) connection.nudge();
  assert.ok(server.looks - before <= 1, `${server.looks - before} looks`);
});

test("while nobody looks at the editor a server that is well is left in peace", async () => {
  const server = new Switched();
  const connection = new Connection(server, { awake: () => false, changed: () => undefined });
  await connection.check();
  await pass(300);
  assert.equal(server.looks, 1);
});
