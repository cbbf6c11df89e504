/** The examples of the README and of the documentation run as they stand there. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import * as sfm2 from "../src/index.js";
import { Service } from "./service.js";

let service: Service;
before(async () => {
  service = await Service.start();
});
after(() => service.stop());

for (const page of ["../README.md", "../../../docs/site/javascript.md"]) {
  const text = readFileSync(new URL(page, import.meta.url), "utf8");
  const examples = [...text.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code ?? "");
  assert.ok(examples.length >= 4, page);
  for (const example of examples) {
    test(`${page}: ${example.split("\n").find((line) => !line.startsWith("import"))}`, async () => {
      const shown: string[] = [];
      const ended = await run(example, shown).catch((error: unknown) => error);
      if (example.includes(".abort()")) assert.equal((ended as Error).name, "AbortError");
      else assert.equal(ended, undefined);
      if (/console|stdout/.test(example)) assert.ok(/catch/.test(example) || shown.join(""));
    });
  }
}

/** With the names that the examples take from each other; what they show goes to `shown`. */
async function run(example: string, shown: string[]): Promise<void> {
  class SFM2Client extends sfm2.SFM2Client {
    constructor() {
      super({ apiUrl: service.url });
    }
  }
  const names = {
    ...sfm2,
    SFM2Client,
    client: new SFM2Client(),
    prefix: "x = ",
    suffix: "",
    console: { log: (...values: unknown[]) => shown.push(String(values)) },
    process: { stdout: { write: (text: string) => shown.push(text) } },
  };
  const code = example.replace(/^import .*$/gm, "");
  const AsyncFunction = run.constructor as new (...parts: string[]) => (...values: unknown[]) => Promise<void>;
  await new AsyncFunction(...Object.keys(names), `{ ${code} }`)(...Object.values(names));
}
