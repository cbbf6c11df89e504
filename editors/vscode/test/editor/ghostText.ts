/**
 * For benchmarks/ghost_text.py: `ghostText.ts URL TIMES` types in VS Code and prints when each ghost text was drawn, in
 * milliseconds of the wall clock. SFM2_CODE_SERVER and SFM2_VSIX say where code-server and the extension are.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CodeServer } from "./codeServer";
import { Workbench } from "./workbench";

declare global {
  var shown: number[];
}

async function measure(url: string, times: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "sfm2-ghost-"));
  const workspace = join(folder, "workspace");
  mkdirSync(workspace);
  for (let number = 0; number < times; number++) writeFileSync(join(workspace, `f${number}.py`), "");
  const home = process.env.SFM2_CODE_SERVER ?? "";
  const vsix = process.env.SFM2_VSIX ?? "";
  const editor = await CodeServer.start({ home, vsix, folder, workspace, machineSettings: { "sfm2.url": url } });
  const window = await Workbench.open(editor.url, undefined);
  try {
    await window.untilStatus(/SFM-2: sfm2/);
    for (let number = 0; number < times; number++) {
      await window.openFile(`f${number}.py`);
      await window.page.evaluate(watch);
      await window.type(`def f${number}(x):`);
      await window.press("Enter");
      await window.page.waitForFunction(() => globalThis.shown.length > 0);
      console.log(await window.page.evaluate(() => globalThis.shown[0]));
      await window.press("Escape");
      await window.command("View: Revert and Close Editor");
    }
  } finally {
    await window.close();
    await editor.stop();
  }
}

/** Runs in the page: notes the frame that draws ghost text. */
function watch(): void {
  globalThis.shown = [];
  const observer = new MutationObserver(() => {
    if (!document.querySelector(".monaco-editor .ghost-text-decoration, .monaco-editor .ghost-text")) return;
    observer.disconnect();
    requestAnimationFrame(() => globalThis.shown.push(performance.timeOrigin + performance.now()));
  });
  observer.observe(document.body, { childList: true, subtree: true, characterData: true });
}

const [url = "", times = "10"] = process.argv.slice(2);
void measure(url, Number(times));
