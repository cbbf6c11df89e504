// Bundles the extension, and the core by itself for the benchmark.
import * as esbuild from "esbuild";

const common = { bundle: true, platform: "node", target: "node20", sourcemap: true, logLevel: "info" };
const builds = [
  {
    ...common,
    entryPoints: ["src/extension.ts"],
    outfile: "dist/extension.js",
    format: "cjs",
    external: ["vscode"],
    minify: true,
  },
  { ...common, entryPoints: ["src/core/index.ts"], outfile: "dist/core.mjs", format: "esm" },
];

if (process.argv.includes("--watch")) {
  for (const options of builds) await (await esbuild.context(options)).watch();
} else {
  await Promise.all(builds.map((options) => esbuild.build(options)));
}
