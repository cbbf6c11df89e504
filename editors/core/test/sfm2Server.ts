/** A real `sfm2 serve` with a data folder of its own, which can be stopped and started again at the same address. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { until } from "./until.ts";

const REPOSITORY = join(import.meta.dirname, "../../..");
const SFM2 = process.env.SFM2_BIN ?? join(REPOSITORY, ".venv/bin/sfm2");

export class Sfm2Server {
  #process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly variables: Readonly<Record<string, string>>,
  ) {}

  /** `variables` of the environment are its settings. */
  static async at(folder: string, variables: Readonly<Record<string, string>>): Promise<Sfm2Server> {
    return new Sfm2Server(await freePort(), folder, variables);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Returns when it can answer. */
  async start(): Promise<void> {
    const log = createWriteStream(join(this.folder, "server.log"), { flags: "a" });
    const started = spawn(SFM2, ["serve", "--port", `${this.port}`], {
      env: this.#environment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    process.once("exit", () => started.kill());
    started.stdout.pipe(log);
    started.stderr.pipe(log);
    this.#process = started;
    await until("the server is ready", 600, async () => {
      if (started.exitCode !== null)
        throw new Error(`sfm2 serve ended with ${started.exitCode}; see ${this.folder}/server.log`);
      return (await fetch(`${this.url}/health/ready`).catch(() => undefined))?.ok === true;
    });
  }

  async stop(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (!running || running.exitCode !== null) return;
    const ended = new Promise((done) => running.once("exit", done));
    running.kill("SIGTERM");
    await ended;
  }

  /** Requests to the models so far, as the server counts them; the counters are written once a second. */
  async requests(key?: string): Promise<number> {
    await new Promise((done) => setTimeout(done, 2_500));
    const response = await fetch(`${this.url}/stats`, key ? { headers: { "X-API-Key": key } } : {});
    return ((await response.json()) as { total_requests: number }).total_requests;
  }

  async feedback(): Promise<Record<string, number>> {
    const response = await fetch(`${this.url}/stats`);
    return ((await response.json()) as { feedback: Record<string, number> }).feedback;
  }

  /** From the first key on, the server wants one. */
  createKey(...options: string[]): string {
    return execFileSync(SFM2, ["keys", "create", ...options], {
      env: this.#environment(),
      stdio: ["ignore", "pipe", "ignore"],
    })
      .toString()
      .trim();
  }

  revokeKeys(): void {
    const options = { env: this.#environment() };
    const keys = JSON.parse(execFileSync(SFM2, ["keys", "list", "--json"], options).toString()) as { id: string }[];
    for (const { id } of keys) execFileSync(SFM2, ["keys", "revoke", id], options);
  }

  #environment(): NodeJS.ProcessEnv {
    const kept = Object.entries(process.env).filter(([name]) => !/^(SFM2|OPENAI)_/.test(name));
    return { ...Object.fromEntries(kept), SFM2_STORAGE_DATA_DIR: this.folder, ...this.variables };
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (typeof address !== "object" || !address) throw new Error("no free port");
  return address.port;
}
