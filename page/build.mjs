// The page's files, written into the Python package. `--check`: only say whether they are what the source makes.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const BUILT = join(HERE, "../src/sfm2/server/page/built");

const OPTIONS = {
  absWorkingDir: HERE,
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  outdir: BUILT,
  outbase: "src",
  target: "es2022",
  charset: "utf8",
  legalComments: "none", // LICENSES.txt has them
  entryNames: "assets/[name]-[hash]",
  chunkNames: "assets/[name]-[hash]",
  assetNames: "assets/[name]-[hash]",
  loader: { ".woff2": "file", ".svg": "copy" },
};

async function made() {
  const page = await build({
    ...OPTIONS,
    entryPoints: ["src/main.ts", "src/style/style.css", "src/icon.svg"],
    format: "esm",
    splitting: true,
  });
  // What must run before the first paint can't be a module.
  const early = await build({ ...OPTIONS, entryPoints: ["src/early.ts"], format: "iife" });
  const results = [page, early];
  const files = new Map();
  for (const file of results.flatMap((result) => result.outputFiles)) files.set(relative(BUILT, file.path), file.text);
  for (const file of page.outputFiles) {
    if (file.path.endsWith(".woff2") || file.path.endsWith(".svg"))
      files.set(relative(BUILT, file.path), Buffer.from(file.contents));
  }
  files.set("index.html", html(results));
  files.set("LICENSES.txt", licences(results));
  return files;
}

/** index.html with the names that the outputs got. */
function html(results) {
  const names = new Map();
  for (const [output, { entryPoint }] of results.flatMap((result) => Object.entries(result.metafile.outputs))) {
    if (entryPoint) names.set(entryPoint, `page/${relative(BUILT, join(HERE, output))}`);
  }
  return readFileSync(join(HERE, "src/index.html"), "utf8").replaceAll(/\{\{(.+?)\}\}/g, (_, source) => {
    const name = names.get(source);
    if (!name) throw new Error(`index.html names ${source}, which was not built`);
    return name;
  });
}

/** The licence texts of every package that something was taken from. */
function licences(results) {
  const packages = new Set();
  for (const input of results.flatMap((result) => Object.keys(result.metafile.inputs))) {
    const found = input.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//);
    if (found) packages.add(found[1]);
  }
  const names = new Map(); // of packages, by the text of their licence
  for (const name of [...packages].sort()) {
    const folder = join(HERE, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) throw new Error(`${name} comes without the text of its licence`);
    const text = readFileSync(join(folder, file), "utf8").trim();
    names.set(text, [...(names.get(text) ?? []), `${name} ${version}: ${license}`]);
  }
  const parts = [...names].map(([text, packed]) => `${packed.join("\n")}\n\n${text}\n`);
  return `The page contains parts of these packages.\n\n${parts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

function onDisk() {
  if (!existsSync(BUILT)) return new Map();
  const entries = readdirSync(BUILT, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(BUILT, path), readFileSync(path)];
    }),
  );
}

function differences(wanted, found) {
  const names = new Set([...wanted.keys(), ...found.keys()]);
  return [...names].filter((name) => {
    const [left, right] = [wanted.get(name), found.get(name)];
    return left === undefined || right === undefined || !Buffer.from(left).equals(right);
  });
}

const wanted = await made();
if (process.argv.includes("--check")) {
  const stale = differences(wanted, onDisk());
  if (stale.length > 0) {
    console.error(`The built page is not what its source makes: ${stale.join(", ")}\nRun \`npm run build\` in page/.`);
    process.exit(1);
  }
} else {
  rmSync(BUILT, { recursive: true, force: true });
  let total = 0;
  for (const [name, content] of wanted) {
    mkdirSync(dirname(join(BUILT, name)), { recursive: true });
    writeFileSync(join(BUILT, name), content);
    total += Buffer.byteLength(content);
  }
  console.log(`${wanted.size} files, ${Math.round(total / 1000)} kB`);
}
