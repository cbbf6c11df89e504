/** The editors' core for ghost_text.py: prints when each suggestion was there, in milliseconds of the wall clock. */
import { setTimeout as pause } from "node:timers/promises";

const core = await import("../editors/core/dist/core.mjs").catch(() => {
  console.error("There is no editors/core/dist/core.mjs: run `npm ci && npm run build` in editors/core first.");
  process.exit(1);
});

const [url, times] = process.argv.slice(2);
const service = new core.Service(url, undefined);
const suggester = new core.Suggester((request, signal, heard) => service.complete(request, signal, heard));
const how = { invoked: false, mayAsk: () => true, delay: 0, minConfidence: 0 };
for (let number = 0; number < Number(times); number++) {
  const place = { prefix: `def f${number}(x):\n    `, suffix: `\n\n\nprint(f${number}(1))\n`, language: "python", path: "a.py" };
  const request = { place: { ...place, prefixCut: false, suffixCut: false }, options: { maxLength: 96 } };
  const leave = new AbortController();
  const found = await suggester.suggest(request, how, leave.signal);
  console.log(performance.timeOrigin + performance.now());
  if (!found?.received.growing) throw new Error("the first line should have come before the others");
  leave.abort();
  await pause(20);
}
process.exit(0);
