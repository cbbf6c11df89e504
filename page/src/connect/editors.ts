// How each editor finds this server.
import { built, exported, installing, keyOr, type Place, type Recipe, YOUR_KEY } from "./recipe.ts";

export function vscode({ url, locked, extension }: Place): Recipe {
  const install = (file: string) => `code --install-extension ${file}`;
  return {
    id: "vscode",
    title: "VS Code",
    lead: "Install the extension, then name the server in the settings.",
    ...(extension && { download: { name: "sfm2.vsix", href: extension } }),
    snippets: [
      extension
        ? { where: "terminal", code: `curl -fO ${extension}\n${install("sfm2.vsix")}` }
        : built(install("dist/sfm2-*.vsix")),
      { where: "settings.json, of the user", code: `"sfm2.url": "${url}"` },
      ...(locked ? [{ where: "command palette; then paste your key", code: "SFM-2: Set API key" }] : []),
    ],
  };
}

export function neovim({ url, locked }: Place): Recipe {
  const key = locked ? `, SFM2_API_KEY = "${YOUR_KEY}"` : "";
  return {
    id: "neovim",
    title: "Neovim",
    lead: "Version 0.12 or newer shows ghost text from a language server. Tab accepts.",
    snippets: [
      installing("lsp"),
      {
        where: "init.lua",
        code: `vim.lsp.config("sfm2", {
  cmd = { "sfm2", "lsp" },
  cmd_env = { SFM2_API_URL = "${url}"${key} },
  filetypes = { "python", "javascript", "typescript", "go", "rust", "c", "cpp" },
})
vim.lsp.enable("sfm2")
vim.lsp.inline_completion.enable()
vim.keymap.set("i", "<Tab>", function()
  if not vim.lsp.inline_completion.get() then return "<Tab>" end
end, { expr = true })`,
      },
    ],
  };
}

export function jetbrains({ url, locked }: Place): Recipe {
  return {
    id: "jetbrains",
    title: "JetBrains",
    lead: "With the plugin LSP4IJ 0.21 or newer: Settings, Languages & Frameworks, Language Servers, +. Map it to file name patterns.",
    snippets: [
      installing("lsp"),
      { where: "Command", code: "sfm2 lsp" },
      { where: "Environment variables", code: `SFM2_API_URL=${url}${locked ? `;SFM2_API_KEY=${YOUR_KEY}` : ""}` },
    ],
  };
}

export function lsp(place: Place): Recipe {
  return {
    id: "lsp",
    title: "Helix, Emacs and others",
    lead: "Any editor with a language client runs the same server; it reads where SFM-2 is from its environment.",
    snippets: [installing("lsp"), { where: "environment, then the command", code: `${exported(place)}\nsfm2 lsp` }],
  };
}

export function continueDev({ url, locked }: Place): Recipe {
  return {
    id: "continue",
    title: "Continue",
    lead: "For VS Code and JetBrains.",
    snippets: [
      {
        where: "config.yaml",
        code: `name: SFM-2
version: 1.0.0
schema: v1
models:
  - name: SFM-2
    provider: openai
    model: sfm2
    apiBase: ${url}/v1
    apiKey: ${keyOr(locked)}
    roles: [autocomplete, chat, edit]`,
      },
    ],
  };
}

export function zed({ url, locked }: Place): Recipe {
  const settings = {
    edit_predictions: {
      provider: "open_ai_compatible_api",
      open_ai_compatible_api: {
        api_url: `${url}/v1/completions`,
        model: "sfm2",
        prompt_format: "qwen",
        max_output_tokens: 96,
      },
    },
  };
  const key = `export ZED_OPEN_AI_COMPATIBLE_EDIT_PREDICTION_API_KEY=${YOUR_KEY}`;
  return {
    id: "zed",
    title: "Zed",
    lead: "Its edit prediction asks this server.",
    snippets: [
      { where: "settings.json", code: JSON.stringify(settings, null, 2) },
      ...(locked ? [{ where: "environment", code: key }] : []),
    ],
  };
}

export function llamaCpp({ url, locked }: Place): Recipe {
  const key = locked ? YOUR_KEY : "";
  return {
    id: "llama",
    title: "llama.vim and llama.vscode",
    lead: "They speak to SFM-2 as to llama.cpp's server.",
    snippets: [
      {
        where: "vimrc, before the plugin is loaded",
        code: `let g:llama_config = {
    \\ 'endpoint_fim': '${url}/infill',
    \\ 'api_key': '${key}',
    \\ }`,
      },
      {
        where: "settings.json",
        code: `"llama-vscode.endpoint": "${url}",\n"llama-vscode.ai_model": "sfm2",\n"llama-vscode.api_key": "${key}"`,
      },
    ],
  };
}
