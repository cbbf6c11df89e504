/** Whether a recipe is what its program takes: by the program's own schema or parser where there is one for Node. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configYamlSchema } from "@continuedev/config-yaml";
import { transformSync } from "esbuild";
import luaparse from "luaparse";
import { parse as parseToml } from "smol-toml";
import { parse as parseYaml } from "yaml";

export type Check = (code: string) => void;

interface Manifest {
  contributes: {
    commands: { title: string; category: string }[];
    configuration: { properties: Record<string, unknown> };
  };
}

const EXTENSION: Manifest = JSON.parse(
  readFileSync(new URL("../../editors/vscode/package.json", import.meta.url), "utf8"),
);

/** As ggml-org/llama.vscode's package.json and llama.vim's doc/llama.txt have them; read in November 2026. */
const LLAMA_VSCODE = [
  "endpoint",
  "endpoint_chat",
  "endpoint_tools",
  "ai_model",
  "api_key",
  "api_key_chat",
  "rag_enabled",
];
const LLAMA_VIM = ["endpoint_fim", "endpoint_inst", "api_key"];
/** As zed-industries/zed's EditPredictionSettings have them. */
const ZED = ["api_url", "model", "prompt_format", "max_output_tokens"];

export const shell: Check = (code) => void execFileSync("bash", ["-n"], { input: code });

export const javascript: Check = (code) => void transformSync(code);

export const python: Check = (code) =>
  void execFileSync("python3", ["-c", "import ast, sys; ast.parse(sys.stdin.read())"], { input: code });

/** A cell of a notebook: a prompt below our magic, or lines of magics and Python. */
export const cell: Check = (code) => {
  if (/^%%sfm2( --?\w[\w-]* \S+)*\n./.test(code)) return;
  assert.match(code, /^%(?!%)/);
  python(code.replace(/^%.*$/gm, ""));
};

export const lua: Check = (code) => void luaparse.parse(code, { luaVersion: "LuaJIT" });

export const variables: Check = (code) => assert.match(code, /^\w+=\S+?(;\w+=\S+)*$/);

export const languageServer: Check = (code) => assert.equal(code, "sfm2 lsp");

/** A command of our extension, as its palette shows it. */
export const palette: Check = (code) => {
  const titles = EXTENSION.contributes.commands.map(({ category, title }) => `${category}: ${title}`);
  assert.ok(titles.includes(code), `${code} is none of ${titles.join(", ")}`);
};

/** Settings of VS Code or Zed, in braces or without. */
export const settings: Check = (code) => {
  const found: Record<string, unknown> = JSON.parse(code.trim().startsWith("{") ? code : `{${code}}`);
  assert.notDeepEqual(Object.keys(found), []);
  for (const [name, value] of Object.entries(found)) {
    if (name === "edit_predictions") zed(value as Record<string, unknown>);
    else if (name.startsWith("sfm2.")) assert.ok(name in EXTENSION.contributes.configuration.properties, name);
    else assert.ok(LLAMA_VSCODE.includes(name.replace(/^llama-vscode\./, "")), name);
  }
};

function zed({ provider, ...providers }: Record<string, unknown>): void {
  assert.deepEqual(Object.keys(providers), [provider]);
  assert.equal(provider, "open_ai_compatible_api");
  const { api_url: url, ...others } = providers.open_ai_compatible_api as Record<string, string>;
  assert.match(url ?? "", /\/v1\/completions$/, "Zed wants the whole address");
  assert.deepEqual(Object.keys(others), ZED.slice(1));
}

/** Continue's config.yaml by its own schema; what has a `model_list` is litellm's, which tests/protocols runs. */
export const yaml: Check = (code) => {
  const found = parseYaml(code);
  if ("model_list" in found) {
    for (const {
      model_name: name,
      litellm_params: { model, api_base: url },
    } of found.model_list) {
      assert.ok(name && model.endsWith("openai/sfm2") && URL.canParse(url), code);
    }
    return;
  }
  const read = configYamlSchema.strict().parse(found);
  assert.equal(read.schema, "v1");
  for (const role of ["autocomplete", "chat", "edit"])
    assert.match(JSON.stringify(read.models), new RegExp(`"${role}"`));
};

/** Helix: languages.toml. */
export const toml: Check = (code) => {
  const found = parseToml(code) as {
    "language-server": Record<string, { command: string; args: string[] }>;
    language: { name: string; "language-servers": string[] }[];
  };
  assert.deepEqual(found["language-server"].sfm2?.args, ["lsp"]);
  for (const one of found.language) assert.ok(one["language-servers"].includes("sfm2"), one.name);
};

/** Parentheses, outside of strings and comments, close what they open. Emacs itself reads one in tests/lsp. */
export const elisp: Check = (code) => {
  let depth = 0;
  for (const [token] of code.matchAll(/"(?:\\.|[^"\\])*"|;.*|[()]/g)) {
    depth += token === "(" ? 1 : token === ")" ? -1 : 0;
    assert.ok(depth >= 0, code);
  }
  assert.equal(depth, 0, code);
};

/** The dictionary that llama.vim reads, as Vim reads it where there is one with its language. */
export const vim: Check = (code) => {
  const names = [...code.matchAll(/'(\w+)'\s*:/g)].map((found) => found[1] ?? "");
  assert.deepEqual(
    names.filter((name) => !LLAMA_VIM.includes(name)),
    [],
  );
  if (!hasVim()) return;
  const folder = mkdtempSync(join(tmpdir(), "sfm2-vim-"));
  writeFileSync(join(folder, "vimrc"), code);
  const write = `call writefile([json_encode(keys(g:llama_config))], '${folder}/keys')`;
  execFileSync("vim", ["-N", "-es", "-u", "NONE", "-S", join(folder, "vimrc"), "-c", write, "-c", "qa!"]);
  assert.deepEqual(new Set(JSON.parse(readFileSync(join(folder, "keys"), "utf8"))), new Set(names));
};

function hasVim(): boolean {
  try {
    return execFileSync("vim", ["--version"], { encoding: "utf8" }).includes("+eval");
  } catch {
    return false;
  }
}
