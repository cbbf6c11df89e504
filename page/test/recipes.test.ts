/** Every recipe, on the page and in the docs, is what its program takes. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { recipes } from "../src/connect/recipes.ts";
import * as check from "./checks.ts";

/** By where a snippet of the page goes; `program` depends on the recipe. */
const BY_PLACE: Record<string, check.Check> = {
  terminal: check.shell,
  "terminal, in a checkout of SFM-2": check.shell,
  environment: check.shell,
  "environment, then the command": check.shell,
  "settings.json, of the user": check.settings,
  "settings.json": check.settings,
  "command palette; then paste your key": check.palette,
  "init.lua": check.lua,
  Command: check.languageServer,
  "Environment variables": check.variables,
  "a cell": check.cell,
  "the next cell": check.cell,
  "config.yaml": check.yaml,
  "vimrc, before the plugin is loaded": check.vim,
};
const PROGRAMS: Record<string, check.Check> = {
  python: check.python,
  openai: check.python,
  javascript: check.javascript,
};

for (const locked of [false, true]) {
  for (const extension of [undefined, "http://10.1.2.3:8000/editors/sfm2.vsix"]) {
    for (const { id, snippets } of recipes({ url: "http://10.1.2.3:8000", locked, extension })) {
      test(`the page's recipe for ${id}${locked ? ", with a key" : ""}${extension ? ", with the extension" : ""}`, () => {
        for (const { where, code } of snippets) {
          const fits = (where === "program" ? PROGRAMS[id] : BY_PLACE[where]) ?? assert.fail(`nothing checks ${where}`);
          fits(code);
        }
      });
    }
  }
}

const BY_LANGUAGE: Record<string, check.Check> = {
  bash: check.shell,
  elisp: check.elisp,
  json: check.settings,
  lua: check.lua,
  python: check.python,
  toml: check.toml,
  vim: check.vim,
  yaml: check.yaml,
};

for (const name of ["editors", "protocols", "vscode"]) {
  test(`the recipes of docs/site/${name}.md`, () => {
    const page = readFileSync(new URL(`../../docs/site/${name}.md`, import.meta.url), "utf8");
    const found = [...page.matchAll(/^```(\w+)\n(.*?)^```/gms)];
    assert.ok(found.length > 2);
    for (const [, language = "", code = ""] of found) {
      const fits = BY_LANGUAGE[language] ?? assert.fail(`nothing checks ${language}`);
      fits(code);
    }
  });
}

test("what a program would refuse is found", () => {
  const refused: [check.Check, string][] = [
    [
      check.yaml,
      "models:\n  - name: SFM-2\n    provider: openai\n    model: sfm2\n    roles: [autocomplete, chat, edit]\n",
    ],
    [
      check.yaml,
      "name: SFM-2\nversion: 1.0.0\nschema: v1\nmodels:\n  - name: SFM-2\n    provider: openai\n    roles: [typing]\n",
    ],
    [check.settings, '"sfm2.adress": "http://localhost:8000"'],
    [check.settings, '"llama-vscode.url": "http://localhost:8000"'],
    [
      check.settings,
      '{"edit_predictions": {"provider": "open_ai_compatible_api", "open_ai_compatible_api": {"api_url": "http://x/v1"}}}',
    ],
    [check.lua, "vim.lsp.enable('sfm2'"],
    [check.elisp, "(add-to-list 'x '(\"(\"))\n)"],
    [check.vim, "let g:llama_config = { 'endpoint_url': 'x' }"],
    [
      check.toml,
      '[language-server.sfm2]\ncommand = "sfm2"\nargs = ["lsp"]\n[[language]]\nname = "python"\nlanguage-servers = ["ty"]\n',
    ],
    [check.palette, "SFM-2: Enter API key"],
    [check.shell, "export X='"],
  ];
  for (const [fits, code] of refused) assert.throws(() => fits(code), `${code} passed`);
});
