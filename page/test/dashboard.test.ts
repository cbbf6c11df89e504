import assert from "node:assert/strict";
import { test } from "node:test";
import type { Stats } from "sfm2-client";
import { ceiling } from "../src/dashboard/chart.ts";
import { percentile, Series } from "../src/dashboard/series.ts";
import { duration } from "../src/dashboard/tiles.ts";

test("the rate between two samples holds for the time between them, however long", () => {
  const series = new Series();
  const look = (at: number, tokensGenerated: number) => series.add({ at, stats: { tokensGenerated } as Stats });
  look(0, 100);
  look(5000, 150);
  look(65_000, 150);
  look(70_000, 3); // the store was made anew
  const rates = series.rate((stats) => stats.tokensGenerated);
  assert.deepEqual(
    rates.map(({ value }) => value),
    [10, 0, 0],
  );
  assert.deepEqual(rates[1], { from: 5000, to: 65_000, value: 0 });
});

test("percentiles", () => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.equal(percentile(values, 0.5), 50);
  assert.equal(percentile(values, 0.99), 99);
  assert.equal(percentile([7], 0.5), 7);
  assert.equal(percentile([], 0.5), null);
});

test("an axis ends at a round number", () => {
  assert.deepEqual([0, 0.2, 1.5, 7, 10, 11, 480].map(ceiling), [1, 1, 2, 10, 10, 20, 500]);
});

test("durations", () => {
  assert.deepEqual([5, 65, 3700, 90_000].map(duration), ["5 s", "1 min", "1 h 1 min", "1 d 1 h"]);
});
