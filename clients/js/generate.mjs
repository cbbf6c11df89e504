// What openapi.json says of the routes that this client calls: the messages' types, and how to tell their answers.
// `node generate.mjs` writes src/generated, `node generate.mjs --check` fails when that is out of date.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const CALLED = [
  "/complete",
  "/complete/stream",
  "/explain",
  "/explain/stream",
  "/feedback",
  "/generate",
  "/generate/batch",
  "/generate/stream",
  "/health",
  "/health/ready",
  "/stats",
];
const ANSWERS = ["Batch", "Chunk", "Completion", "ErrorBody", "Explanation", "Health", "Probe", "Stats"];
const HEAD = "// Generated from openapi.json by generate.mjs. Change nothing here: `npm run types` writes it anew.\n\n";

const described = JSON.parse(readFileSync(new URL("../../openapi.json", import.meta.url), "utf8"));
const all = described.components.schemas;
const files = { "openapi.ts": HEAD + (await messages()), "forms.ts": HEAD + forms() };

let stale = false;
for (const [name, text] of Object.entries(files)) {
  const path = new URL(`src/generated/${name}`, import.meta.url);
  if (existsSync(path) && readFileSync(path, "utf8") === text) continue;
  stale = true;
  if (!process.argv.includes("--check")) writeFileSync(path, text);
}
if (stale && process.argv.includes("--check")) {
  console.error("src/generated does not fit openapi.json: run `npm run types`");
  process.exit(1);
}

async function messages() {
  for (const path of CALLED) {
    if (!(path in described.paths)) throw new Error(`openapi.json has no ${path}: is the list in generate.mjs right?`);
  }
  const schemas = reachable([...CALLED.map((path) => described.paths[path]), ...ANSWERS.map((name) => all[name])]);
  for (const name of ANSWERS) schemas[name] = all[name];
  const called = `export type Path =\n${CALLED.map((path) => `    | "${path}"`).join("\n")};\n`;
  return called + astToString(await openapiTS({ ...described, paths: {}, components: { schemas } }));
}

/** The fields that an answer needs, those that an older server may leave out, and those whose own names are data. */
function forms() {
  const found = Object.fromEntries(ANSWERS.map((name) => [name, form(name)]));
  const mentioned = { ...reachable(ANSWERS.map((name) => all[name])), ...pick(all, ANSWERS) };
  const data = Object.values(mentioned).flatMap(({ properties = {} }) =>
    Object.keys(properties).filter((field) => variants(properties[field]).some((one) => one.additionalProperties)),
  );
  const text = (value) => JSON.stringify(value, null, 2);
  return `export const FORMS = ${text(found)} as const;\n\nexport const DATA = ${text([...new Set(data)].sort())} as const;\n`;
}

function form(name) {
  const { properties, required = [] } = all[name];
  const needed = required.filter((field) => properties[field].default === undefined);
  const defaulted = Object.keys(properties).filter((field) => properties[field].default !== undefined);
  return {
    needed: Object.fromEntries(needed.map((field) => [field, typeName(`${name}.${field}`, properties[field])])),
    absent: Object.fromEntries(defaulted.map((field) => [field, properties[field].default])),
  };
}

function typeName(what, schema) {
  const types = new Set(variants(schema).map(({ type }) => (type === "integer" ? "number" : type)));
  const [type] = types;
  if (types.size === 1 && type) return type;
  throw new Error(`${what}: generate.mjs does not know how to tell ${JSON.stringify(schema)}`);
}

/** What a field may be, with its references followed. */
function variants(schema) {
  if (schema.$ref) return variants(all[schema.$ref.split("/").at(-1)]);
  return (schema.anyOf ?? schema.allOf)?.flatMap(variants) ?? [schema];
}

/** The schemas that these mention, and those that they mention. */
function reachable(roots) {
  const found = new Set();
  const open = [...roots];
  while (open.length) {
    for (const [, name] of JSON.stringify(open.pop()).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (found.has(name)) continue;
      found.add(name);
      open.push(all[name]);
    }
  }
  return pick(all, [...found].sort());
}

function pick(from, names) {
  return Object.fromEntries(names.map((name) => [name, from[name]]));
}
