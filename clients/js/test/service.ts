/** The real service on the `echo` backend, in a process and with a folder of its own. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const OURS = /^(SFM2_|OPENAI_)/;

/** The environment's Python that has SFM-2, else the one of the path. */
export function python(): string {
  const own = join(ROOT, ".venv/bin/python");
  return existsSync(own) ? own : "python3";
}

/** This process's environment, without settings of ours. */
export function cleanEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.test(name)));
}

export class Service {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(url: string, child: ChildProcess, folder: string, environment: NodeJS.ProcessEnv) {
    this.url = url;
    this.#process = child;
    this.#folder = folder;
    this.#environment = environment;
  }

  /** Returns when it says where it serves; `more` is added to its environment. */
  static async start(more: Record<string, string> = {}): Promise<Service> {
    const folder = mkdtempSync(join(tmpdir(), "sfm2-js-"));
    const config = join(folder, "config.json");
    writeFileSync(config, "{}");
    const ours = { SFM2_FALLBACK_CHAIN: "echo", SFM2_STORAGE_DATA_DIR: folder, SFM2_CONFIG: config, ...more };
    const environment = { ...cleanEnvironment(), ...ours };
    const child = spawn(python(), ["-m", "sfm2", "serve", "--port", "0"], {
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let log = "";
    child.stderr.on("data", (text) => {
      log += text;
    });
    for await (const line of createInterface(child.stdout)) {
      const url = /http:\/\/\S+/.exec(line)?.[0];
      if (url) return new Service(url, child, folder, environment);
    }
    throw new Error(`the server did not start:\n${log}`);
  }

  /** A key, as `sfm2 keys create` prints it, line end and all. From now on requests need one. */
  createKey(...options: string[]): string {
    const printed = execFileSync(python(), ["-m", "sfm2", "keys", "create", ...options], {
      env: this.#environment,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return `${/sfm2_\S+/.exec(printed)?.[0]}\n`;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null) {
      const ended = once(this.#process, "exit");
      this.#process.kill("SIGTERM");
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
