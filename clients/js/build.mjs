// Both forms of the package, with types, from one source: `import` finds dist/esm, `require` finds dist/cjs.
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL(".", import.meta.url)));
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
const forms = [
  ["esm", "ESNext", "bundler", "module"],
  ["cjs", "CommonJS", "node10", "commonjs"],
];
rmSync("dist", { recursive: true, force: true });
for (const [folder, module, resolution, type] of forms) {
  const how = ["--outDir", `dist/${folder}`, "--module", module, "--moduleResolution", resolution];
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json", ...how], { stdio: "inherit" });
  writeFileSync(`dist/${folder}/package.json`, `${JSON.stringify({ type })}\n`);
}
