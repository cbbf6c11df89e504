/** The package as users get it: packed, installed in a project of its own, required, imported, compiled and bundled. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import vm from "node:vm";
import * as esbuild from "esbuild";
import { VERSION } from "../src/index.js";
import { cleanEnvironment, Service } from "./service.js";

const PACKAGE = fileURLToPath(new URL("../", import.meta.url));
const project = mkdtempSync(join(tmpdir(), "sfm2-user-"));
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
let service: Service;
let packed: { filename: string; size: number; files: { path: string }[] };

before(async () => {
  service = await Service.start();
  const told = run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", project], PACKAGE);
  packed = JSON.parse(told.slice(told.indexOf("[")))[0];
  writeFileSync(join(project, "package.json"), "{}");
  run("npm", ["install", "--offline", "--no-audit", "--no-fund", join(project, packed.filename)]);
});
after(async () => {
  await service.stop();
  rmSync(project, { recursive: true, force: true });
});

/** What it prints; throws with what it says when it fails. */
function run(command: string, options: string[], cwd = project): string {
  try {
    return execFileSync(command, options, { cwd, env: cleanEnvironment(), encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${options.join(" ")}:\n${stdout}\n${stderr}`);
  }
}

function script(name: string, text: string): string {
  writeFileSync(join(project, name), text);
  return run(process.execPath, [name]).trim();
}

test("it is small, and holds what it needs and nothing else", () => {
  const odd = packed.files
    .map((file) => file.path)
    .filter(
      (path) => !/^(package\.json|README\.md|LICENSE|dist\/(esm|cjs)\/.*(\.js|\.d\.ts|package\.json))$/.test(path),
    );
  assert.deepEqual(odd, []);
  for (const path of ["README.md", "LICENSE"])
    assert.ok(
      packed.files.some((file) => file.path === path),
      path,
    );
  assert.ok(packed.size < 50_000, `${packed.size} bytes`);
});

test("it depends on nothing, and says its version", () => {
  const described = JSON.parse(readFileSync(join(project, "node_modules/sfm2-client/package.json"), "utf8"));
  assert.equal(described.dependencies, undefined);
  assert.equal(described.version, VERSION);
});

describe("in Node", () => {
  const asking = (): string => `
    const client = new SFM2Client({ apiUrl: ${JSON.stringify(service.url)} });
    const { completion } = await client.generate("x\\necho:a b");
    let text = "";
    for await (const chunk of client.generateStream("x\\necho: c d")) text += chunk.text;
    const error = await client.generate("").catch((error) => error);
    console.log(completion + text, error instanceof SFM2Error, error.name);`;

  test("it is imported", () => {
    const said = script("imports.mjs", `import { SFM2Client, SFM2Error } from "sfm2-client";${asking()}`);
    assert.equal(said, "a b c d true InvalidRequestError");
  });

  test("it is required", () => {
    const said = script(
      "requires.cjs",
      `const { SFM2Client, SFM2Error } = require("sfm2-client"); (async () => {${asking()}})();`,
    );
    assert.equal(said, "a b c d true InvalidRequestError");
  });

  test("both forms have the same names", () => {
    const names = (found: string): string => `console.log(Object.keys(${found}).sort().join())`;
    const required = script("names.cjs", names('require("sfm2-client")'));
    assert.equal(script("names.mjs", `import * as sfm2 from "sfm2-client"; ${names("sfm2")}`), required);
  });

  test("the seed's VS Code snippet runs as written", () => {
    const snippet = readFileSync(new URL("fixtures/seed-vscode.js", import.meta.url), "utf8");
    const around = `
      const served = fetch; // on another port than the snippet's, which may be taken here
      globalThis.fetch = (url, init) => served(url.replace("http://localhost:8000", ${JSON.stringify(service.url)}), init);
      const vscode = {
        Range: class { constructor(...ends) { this.ends = ends; } },
        CompletionItem: class { constructor(label) { this.label = label; } },
      };
      const lines = ["x", "echo:return x;", "y"];
      const document = {
        getText({ ends: [fromLine, from, toLine, to] }) {
          const kept = lines.slice(fromLine, toLine + 1);
          kept.push(kept.pop().slice(0, to));
          return kept.join("\\n").slice(from);
        },
      };`;
    const call = "provideCodeCompletion(document, { line: 1, character: 13 }).then((item) => console.log(item.label));";
    const said = script("seed.cjs", `${around}\n${snippet}\n${call}`);
    assert.equal(said, "x\necho:return xreturn x");
  });
});

describe("in TypeScript", () => {
  const used = `
    import { type Completion, RateLimitError, SFM2Client, type SFM2Error } from "sfm2-client";
    const client = new SFM2Client({ apiUrl: "http://localhost:8000", timeout: 5_000 });
    export async function complete(prefix: string, suffix: string, signal: AbortSignal): Promise<string> {
      const found: Completion = await client.complete({ prefix, suffix, language: "python", signal });
      const action: "off" | "kept" | "cut" | "closed" | "resampled" | "abstained" = found.guard.action;
      const share: number | undefined = found.features?.mean_logprob;
      // @ts-expect-error: it is called modelUsed here
      found.model_used;
      // @ts-expect-error: no such setting
      await client.generate("x", { maxLenght: 3 });
      for (const one of await client.generateBatch(["a"])) {
        const failed: SFM2Error | undefined = one instanceof Error ? one : undefined;
        if (failed instanceof RateLimitError) console.log(failed.retryAfter, action, share);
      }
      return found.generatedCode;
    }`;
  for (const [name, options] of Object.entries({
    "imports.mts": ["--module", "node16", "--moduleResolution", "node16"],
    "requires.cts": ["--module", "node16", "--moduleResolution", "node16"],
    "bundled.ts": ["--module", "esnext", "--moduleResolution", "bundler"],
    "older.ts": ["--module", "commonjs", "--moduleResolution", "node10"],
  })) {
    test(`${name} compiles, its declarations too`, () => {
      const folder = join(project, name.replace(".", "-"));
      mkdirSync(folder);
      writeFileSync(join(folder, name), used);
      const strict = ["--strict", "--exactOptionalPropertyTypes", "--noEmit", "--target", "es2022"];
      run(process.execPath, [tsc, ...strict, ...options, "--lib", "es2022,dom", join(folder, name)]);
    });
  }
});

test("in a browser it needs nothing of Node's", async () => {
  const { outputFiles, warnings } = await esbuild.build({
    stdin: { contents: 'export * from "sfm2-client"', resolveDir: project },
    bundle: true,
    platform: "browser",
    format: "iife",
    globalName: "sfm2",
    minify: true,
    write: false,
  });
  assert.deepEqual(warnings, []);
  const text = outputFiles[0]?.text ?? "";
  assert.ok(text.length > 1000 && text.length < 25_000, `${text.length} characters`);
  const web = {
    AbortController,
    fetch,
    Headers,
    TextDecoder,
    TextEncoder,
    URL,
    btoa,
    clearTimeout,
    performance,
    setTimeout,
    structuredClone,
  };
  const found = await vm.runInNewContext(
    `${text};
    (async () => {
      const client = new sfm2.SFM2Client({ apiUrl: url });
      const stream = client.generateStream("x\\necho:a b");
      let text = "";
      for await (const chunk of stream) text += chunk.text;
      const error = await client.generate("").catch((error) => error);
      return [text, stream.result.modelUsed, error.name, error instanceof sfm2.InvalidRequestError].join();
    })()`,
    { ...web, url: service.url },
  );
  assert.equal(found, "a b,echo,InvalidRequestError,true");
});
