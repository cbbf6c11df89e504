import assert from "node:assert/strict";
import { test } from "node:test";
import { windowAround } from "sfm2-editor-core";
import { type Cell, earlierLines, following } from "../../src/pure/notebook";

function code(text: string, language = "python"): Cell {
  return { isCode: true, language, text };
}

test("earlier cells stand before the cell's own lines, an empty one between", () => {
  const earlier = earlierLines([code("import math"), code("r = 2\n")], "python");
  const own = { lineCount: 1, lineAt: () => "area = " };
  const { prefix } = windowAround(following(earlier, own, "python", 0), earlier.length, 7);
  assert.equal(prefix, "import math\n\nr = 2\n\narea = ");
});

test("text, other languages and empty cells are left out", () => {
  const cells = [{ ...code("# Title"), isCode: false }, code("SELECT 1", "sql"), code("  "), code("x = 1")];
  assert.deepEqual(earlierLines(cells, "python"), ["x = 1", ""]);
});

test("what only IPython understands becomes Python, and cells in other tongues are left out", () => {
  const cells = [
    code("%matplotlib inline\n!pip install x\nif a:\n    %time f()\nlen?\nx = a % b"),
    code("%%bash\nls"),
    code("%%time\ny = 1"),
  ];
  assert.deepEqual(earlierLines(cells, "python"), [
    "pass  # %matplotlib inline",
    "pass  # !pip install x",
    "if a:",
    "    pass  # %time f()",
    "pass  # len?",
    "x = a % b",
    "",
    "pass  # %%time",
    "y = 1",
    "",
  ]);
});

test("magics above the cursor's line become Python too", () => {
  const lines = ["%%time", "%mag"];
  const own = { lineCount: 2, lineAt: (line: number) => lines[line] ?? "" };
  const all = following([], own, "python", 1);
  assert.deepEqual([all.lineAt(0), all.lineAt(1)], ["pass  # %%time", "%mag"]);
});

test("of a long notebook the nearest cells are taken", () => {
  const cells = Array.from({ length: 5_000 }, (_, index) => code(`cell_${index} = ${"1 + ".repeat(50)}1`));
  const lines = earlierLines(cells, "python");
  assert.ok(lines.length < 1_000, `${lines.length}`);
  assert.ok(lines.at(-2)?.startsWith("cell_4999"));
});
