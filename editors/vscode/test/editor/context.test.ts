/** What the editor alone knows goes to the model and is named: in a real VS Code, on real weights. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { Sfm2Server } from "../../../core/test/sfm2Server.ts";
import { until } from "../../../core/test/until.ts";
import { CodeServer } from "./codeServer";
import { Workbench } from "./workbench";

const folder = mkdtempSync(join(tmpdir(), "sfm2-vscode-context-"));
const workspace = join(folder, "workspace");
const home = process.env.SFM2_CODE_SERVER ?? assert.fail("SFM2_CODE_SERVER is not set; run test/run.sh");
const vsix = process.env.SFM2_VSIX ?? assert.fail("SFM2_VSIX is not set; run test/run.sh");

const RATES = `export const VAT = 0.19;

export function vatOf(order) {
  return Math.round(order.net * VAT);
}
`;
const PRICING = `// Prices.

export function netPrice(item, discount) {
  return item.cents * (1 - discount);
}

export function unrelated() {}
`;

let server: Sfm2Server;
let editor: CodeServer;
let window: Workbench;

function file(name: string, text: string): void {
  const path = join(workspace, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** What the status bar says in full, once an answer to what is written meanwhile makes it match. */
async function saidOnceAnswered(pattern: RegExp): Promise<string> {
  let said = "";
  await until(`${pattern} is said`, 240, async () => {
    await window.type("//");
    await window.press("Enter");
    await window.page.waitForTimeout(2_000);
    said = await window.pointAtStatus();
    return pattern.test(said);
  });
  return said;
}

before(async () => {
  file("rates.js", RATES);
  file("jsconfig.json", '{ "compilerOptions": { "module": "NodeNext" } }');
  file("node_modules/pricing/package.json", '{ "name": "pricing", "type": "module", "main": "index.js" }');
  file("node_modules/pricing/index.js", PRICING);
  mkdirSync(join(folder, "server"));
  server = await Sfm2Server.at(join(folder, "server"), { SFM2_GENERATION_TIMEOUT: "300" });
  await server.start();
  editor = await CodeServer.start({
    home,
    vsix,
    folder,
    workspace,
    machineSettings: { "sfm2.url": server.url, "sfm2.maxLength": 32 },
  });
  window = await Workbench.open(editor.url, process.env.SFM2_SCREENSHOTS);
  await window.untilStatus(/SFM-2: qwen2\.5-coder-0\.5b/);
});

after(async () => {
  await window?.close();
  await editor?.stop();
  await server?.stop();
  console.log(`logs are in ${folder}`);
});

let pictures = 0;
afterEach(async () => {
  await window.picture(join(folder, `after-${++pictures}.png`));
  await window.press("Escape", "Escape");
  const tabs = window.page.locator(".tab");
  for (let open = await tabs.count(); open > 0; open = await tabs.count()) {
    await window.command("View: Revert and Close Editor");
    await until("it is closed", 30, async () => (await tabs.count()) < open);
  }
});

test("what is written elsewhere and not saved is shown to the model, named, and opened", async () => {
  await window.openFile("rates.js");
  await window.press("Control+End");
  await window.type("export const REDUCED = 0.07;");
  await window.press("Escape");
  file("order.js", 'import { REDUCED } from "./rates.js";\n\n');
  await window.openFile("order.js");
  await window.press("Control+End");
  await window.type("export function reducedVatOf(order) {");
  await window.press("Enter");
  await window.untilGhostText();
  assert.match(await window.pointAtStatus(), /Shown to the model: rates\.js:1-6/);
  await window.screenshot("sources");
  await window.command("SFM-2: Show sources");
  await window.page.waitForSelector('.quick-input-list [aria-label*="rates.js:1-6"]');
  await window.press("Enter");
  await window.page.waitForSelector('.tab.active[data-resource-name="rates.js"]');
});

test("definitions in libraries come from the editor's own language service, as soon as it has them", async () => {
  file("cart.js", 'import { netPrice } from "pricing";\n\n');
  await window.openFile("cart.js");
  await window.press("Control+End");
  await window.type("export function cartTotal(items) {");
  await window.press("Enter");
  const said = await saidOnceAnswered(/pricing/);
  assert.match(said, /Shown to the model: node_modules\/pricing\/index\.js:3-5/);
});

test("nothing is sent where that is switched off", async () => {
  file(".vscode/settings.json", '{ "sfm2.context": false }');
  await window.openFile("rates.js");
  await window.press("Control+End");
  await window.type("// not sent");
  await window.press("Escape");
  file("invoice.js", 'import { vatOf } from "./rates.js";\n\n');
  await window.openFile("invoice.js");
  await window.press("Control+End");
  await window.type("export function invoiceOf(order) {");
  await window.press("Enter");
  // The editor needs a moment to notice its settings.
  await saidOnceAnswered(/answers at [^S]*$/);
});
