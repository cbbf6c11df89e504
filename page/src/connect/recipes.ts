// How each program finds this server.

export interface Snippet {
  /** Where it goes. */
  where: string;
  code: string;
}

export interface Recipe {
  id: string;
  title: string;
  lead: string;
  snippets: Snippet[];
}

export const YOUR_KEY = "sfm2_YOUR_KEY";

/** `url` is the server's, without a slash at its end. `locked`: it wants a key. */
export function recipes(url: string, locked: boolean): Recipe[] {
  const place = { url, locked };
  return [
    vscode(place),
    neovim(place),
    jetbrains(place),
    lsp(place),
    notebook(place),
    python(place),
    javascript(place),
  ].concat([
    curl(place),
    commandLine(place),
    openai(place),
    continueDev(place),
    zed(place),
    llamaCpp(place),
    aider(place),
  ]);
}

interface Place {
  url: string;
  locked: boolean;
}

function vscode({ url, locked }: Place): Recipe {
  return {
    id: "vscode",
    title: "VS Code",
    lead: "Install the extension, then name the server in the settings.",
    snippets: [
      { where: "terminal", code: "code --install-extension sfm2.vsix" },
      { where: "settings.json, of the user", code: `"sfm2.url": "${url}"` },
      ...(locked ? [{ where: "command palette; then paste your key", code: "SFM-2: Set API key" }] : []),
    ],
  };
}

function neovim({ url, locked }: Place): Recipe {
  const key = locked ? `, SFM2_API_KEY = "${YOUR_KEY}"` : "";
  return {
    id: "neovim",
    title: "Neovim",
    lead: "Version 0.12 or newer shows ghost text from a language server. Tab accepts.",
    snippets: [
      { where: "terminal", code: "pip install 'sfm2[lsp]'" },
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

function jetbrains({ url, locked }: Place): Recipe {
  return {
    id: "jetbrains",
    title: "JetBrains",
    lead: "With the plugin LSP4IJ 0.21 or newer: Settings, Languages & Frameworks, Language Servers, +. Map it to file name patterns.",
    snippets: [
      { where: "terminal", code: "pip install 'sfm2[lsp]'" },
      { where: "Command", code: "sfm2 lsp" },
      { where: "Environment variables", code: `SFM2_API_URL=${url}${locked ? `;SFM2_API_KEY=${YOUR_KEY}` : ""}` },
    ],
  };
}

function lsp({ url, locked }: Place): Recipe {
  return {
    id: "lsp",
    title: "Helix, Emacs and others",
    lead: "Any editor with a language client runs the same server; it reads where SFM-2 is from its environment.",
    snippets: [{ where: "environment, then the command", code: `${exported(url, locked)}\nsfm2 lsp` }],
  };
}

function notebook({ url, locked }: Place): Recipe {
  return {
    id: "notebook",
    title: "Notebook",
    lead: "In JupyterLab, Notebook and VS Code. The address is seen from the kernel, not from your browser.",
    snippets: [
      { where: "terminal", code: "pip install 'sfm2[notebook]'" },
      {
        where: "a cell",
        code: `%load_ext sfm2\n%sfm2 config url ${url}${locked ? "\n%sfm2 config key" : ""}`,
      },
      { where: "the next cell", code: "%%sfm2 --language python --max-length 100\ndef mean(numbers):" },
    ],
  };
}

function python({ url, locked }: Place): Recipe {
  const key = locked ? `, api_key="${YOUR_KEY}"` : "";
  return {
    id: "python",
    title: "Python",
    lead: "The SDK, blocking or for asyncio.",
    snippets: [
      { where: "terminal", code: "pip install sfm2" },
      {
        where: "program",
        code: `from sfm2 import SFM2Client

with SFM2Client(api_url="${url}"${key}) as client:
    for chunk in client.generate_stream("def merge_sort(arr):", max_length=200):
        print(chunk.text, end="")`,
      },
    ],
  };
}

function javascript({ url, locked }: Place): Recipe {
  const key = locked ? `, apiKey: "${YOUR_KEY}"` : "";
  return {
    id: "javascript",
    title: "JavaScript",
    lead: "For Node 18 or newer, and for browsers.",
    snippets: [
      { where: "terminal", code: "npm install sfm2-client" },
      {
        where: "program",
        code: `import { SFM2Client } from "sfm2-client";

const client = new SFM2Client({ apiUrl: "${url}"${key} });
const result = await client.generate("def merge_sort(arr):", { maxLength: 200 });
console.log(result.generatedCode);`,
      },
    ],
  };
}

function curl({ url, locked }: Place): Recipe {
  const key = locked ? ` -H 'Authorization: Bearer ${YOUR_KEY}'` : "";
  return {
    id: "curl",
    title: "curl",
    lead: "The API itself; its documentation lists every field.",
    snippets: [
      {
        where: "terminal",
        code: `curl ${url}/generate -H 'Content-Type: application/json'${key} \\
  -d '{"prompt": "def fibonacci(n):", "max_length": 100, "language": "python"}'`,
      },
    ],
  };
}

function commandLine({ url, locked }: Place): Recipe {
  return {
    id: "cli",
    title: "Command line",
    lead: "Asks this server as long as the variable names it.",
    snippets: [
      { where: "terminal", code: `${exported(url, locked)}\nsfm2 generate "def merge_sort(arr):" --max-length 200` },
    ],
  };
}

function openai({ url, locked }: Place): Recipe {
  return {
    id: "openai",
    title: "Any OpenAI client",
    lead: `Two values are all that most programs ask for.${locked ? "" : " Any key will do."}`,
    snippets: [
      { where: "environment", code: `export OPENAI_BASE_URL=${url}/v1\nexport OPENAI_API_KEY=${keyOr(locked)}` },
      {
        where: "program",
        code: `from openai import OpenAI

client = OpenAI(base_url="${url}/v1", api_key="${keyOr(locked)}")
answer = client.completions.create(model="sfm2", prompt="def mean(xs):")
print(answer.choices[0].text)`,
      },
    ],
  };
}

function continueDev({ url, locked }: Place): Recipe {
  return {
    id: "continue",
    title: "Continue",
    lead: "For VS Code and JetBrains.",
    snippets: [
      {
        where: "config.yaml",
        code: `models:
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

function zed({ url, locked }: Place): Recipe {
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

function llamaCpp({ url, locked }: Place): Recipe {
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

function aider({ url, locked }: Place): Recipe {
  return {
    id: "aider",
    title: "aider",
    lead: "Wants a larger model than the default one to be of use.",
    snippets: [
      {
        where: "terminal",
        code: `export OPENAI_API_BASE=${url}/v1
export OPENAI_API_KEY=${keyOr(locked)}
aider --model openai/sfm2 --edit-format whole --map-tokens 0`,
      },
    ],
  };
}

function keyOr(locked: boolean): string {
  return locked ? YOUR_KEY : "none";
}

function exported(url: string, locked: boolean): string {
  return `export SFM2_API_URL=${url}${locked ? `\nexport SFM2_API_KEY=${YOUR_KEY}` : ""}`;
}
