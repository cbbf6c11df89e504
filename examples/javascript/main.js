// Completions from Node: at once, filling a hole, as they come. The server is the one of SFM2_API_URL, or http://localhost:8000.

import process from "node:process";
import { SFM2Client, SFM2Error } from "sfm2-client";

const client = new SFM2Client({ apiUrl: process.env.SFM2_API_URL ?? "http://localhost:8000" });

async function main() {
  const { generatedCode, modelUsed } = await client.generate("def binary_search(arr, target):", { maxLength: 100 });
  console.log(generatedCode);
  console.log(`# ${modelUsed}`);

  const hole = await client.complete({ prefix: "function add(a, b) {\n  return ", suffix: "\n}\n", path: "add.js" });
  console.log(hole.completion || "// nothing fits");

  process.stdout.write("class Queue:");
  for await (const chunk of client.generateStream("class Queue:", { maxLength: 60 })) process.stdout.write(chunk.text);
  console.log("\n# done");
}

try {
  await main();
} catch (error) {
  if (!(error instanceof SFM2Error)) throw error;
  console.error(`${error.message}\n${error.suggestion}`);
  process.exitCode = 1;
}
