// How each program finds this server. A test runs what they ask for: its answers are right on the shipped weights.
import { VERSION } from "sfm2-client";
import { built, exported, installing, keyOr, type Place, type Recipe, YOUR_KEY } from "./recipe.ts";

const SHORT = { prompt: "def mean(numbers):", length: 60 };
const LONG = { prompt: "def merge_sort(arr):", length: 300 };
const JAVASCRIPT = { prompt: "function clamp(value, low, high) {", length: 100 };

export function notebook({ url, locked }: Place): Recipe {
  return {
    id: "notebook",
    title: "Notebook",
    lead: "In JupyterLab, Notebook and VS Code. The address is seen from the kernel, not from your browser.",
    snippets: [
      installing("notebook"),
      {
        where: "a cell",
        code: `%load_ext sfm2\n%sfm2 config url ${url}${locked ? "\n%sfm2 config key" : ""}`,
      },
      {
        where: "the next cell",
        code: `%%sfm2 --language python --temperature 0 --max-length ${SHORT.length}\n${SHORT.prompt}`,
      },
    ],
  };
}

export function python({ url, locked }: Place): Recipe {
  const key = locked ? `, api_key="${YOUR_KEY}"` : "";
  return {
    id: "python",
    title: "Python",
    lead: "The SDK, blocking or for asyncio.",
    snippets: [
      installing(),
      {
        where: "program",
        code: `from sfm2 import SFM2Client

prompt = "${LONG.prompt}"
with SFM2Client(api_url="${url}"${key}) as client:
    print(prompt, end="")
    for chunk in client.generate_stream(prompt, max_length=${LONG.length}, temperature=0):
        print(chunk.text, end="", flush=True)`,
      },
    ],
  };
}

export function javascript({ url, locked }: Place): Recipe {
  const key = locked ? `, apiKey: "${YOUR_KEY}"` : "";
  return {
    id: "javascript",
    title: "JavaScript",
    lead: "For Node 18 or newer, and for browsers.",
    snippets: [
      built(`npm install --prefix YOUR_PROJECT dist/sfm2-client-${VERSION}.tgz`),
      {
        where: "program",
        code: `import { SFM2Client } from "sfm2-client";

const client = new SFM2Client({ apiUrl: "${url}"${key} });
const prompt = "${JAVASCRIPT.prompt}";
const result = await client.generate(prompt, { language: "javascript", maxLength: ${JAVASCRIPT.length}, temperature: 0 });
console.log(result.generatedCode);`,
      },
    ],
  };
}

export function curl({ url, locked }: Place): Recipe {
  const key = locked ? ` -H 'Authorization: Bearer ${YOUR_KEY}'` : "";
  const body = { prompt: SHORT.prompt, language: "python", max_length: SHORT.length, temperature: 0 };
  return {
    id: "curl",
    title: "curl",
    lead: "The API itself; its documentation lists every field.",
    snippets: [
      {
        where: "terminal",
        code: `curl ${url}/generate -H 'Content-Type: application/json'${key} \\\n  -d '${JSON.stringify(body)}'`,
      },
    ],
  };
}

export function commandLine(place: Place): Recipe {
  return {
    id: "cli",
    title: "Command line",
    lead: "Asks this server as long as the variable names it.",
    snippets: [
      installing(),
      { where: "terminal", code: `${exported(place)}\nsfm2 generate "${LONG.prompt}" --max-length ${LONG.length}` },
    ],
  };
}

export function openai({ url, locked }: Place): Recipe {
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
prompt = "${SHORT.prompt}"
answer = client.completions.create(model="sfm2", prompt=prompt, max_tokens=${SHORT.length}, temperature=0)
print(prompt + answer.choices[0].text)`,
      },
    ],
  };
}

export function aider({ url, locked }: Place): Recipe {
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
