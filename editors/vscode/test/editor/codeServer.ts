/** code-server with the packaged extension: VS Code, served to a browser. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../../core/test/sfm2Server.ts";
import { until } from "../../../core/test/until.ts";

export interface Options {
  /** Where code-server is installed. */
  readonly home: string;
  /** Where its data, settings and extensions go. */
  readonly folder: string;
  readonly workspace: string;
  readonly vsix: string;
  /** Those of the machine: a workspace can't set them. */
  readonly machineSettings: Readonly<Record<string, unknown>>;
}

const USER_SETTINGS = {
  "security.workspace.trust.enabled": false,
  "workbench.colorTheme": "Default Dark Modern",
  "files.autoSave": "off",
  // A list of words would lie over the ghost text whenever one types.
  "editor.wordBasedSuggestions": "off",
  "telemetry.telemetryLevel": "off",
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "chat.commandCenter.enabled": false,
  "window.commandCenter": false,
  "editor.minimap.enabled": false,
  "update.mode": "none",
};

export class CodeServer {
  private constructor(
    readonly url: string,
    private readonly running: ChildProcess,
  ) {}

  static async start(options: Options): Promise<CodeServer> {
    const program = join(options.home, "node_modules/code-server/out/node/entry.js");
    const data = join(options.folder, "data");
    write(join(data, "User"), USER_SETTINGS);
    write(join(data, "Machine"), options.machineSettings);
    const places = ["--user-data-dir", data, "--extensions-dir", join(options.folder, "extensions")];
    execFileSync(process.execPath, [program, ...places, "--install-extension", options.vsix], { stdio: "pipe" });
    const port = await freePort();
    const switches = ["--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"];
    const more = ["--disable-getting-started-override", "--auth", "none", "--bind-addr", `127.0.0.1:${port}`];
    const log = createWriteStream(join(options.folder, "code-server.log"));
    const started = spawn(process.execPath, [program, ...places, ...switches, ...more, options.workspace]);
    process.once("exit", () => started.kill());
    started.stdout.pipe(log);
    started.stderr.pipe(log);
    const url = `http://127.0.0.1:${port}`;
    await until(
      "code-server answers",
      120,
      async () => (await fetch(`${url}/healthz`).catch(() => undefined))?.ok === true,
    );
    return new CodeServer(`${url}/?folder=${options.workspace}`, started);
  }

  async stop(): Promise<void> {
    const ended = new Promise((done) => this.running.once("exit", done));
    this.running.kill("SIGTERM");
    await ended;
  }
}

function write(folder: string, settings: Readonly<Record<string, unknown>>): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "settings.json"), JSON.stringify(settings, null, 2));
}
