import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const HOME = new URL("../../", import.meta.url);
const MANIFEST = JSON.parse(readFileSync(new URL("package.json", HOME), "utf8"));
const { commands, keybindings, menus, configuration, walkthroughs } = MANIFEST.contributes;
const NAMES = new Set<string>(commands.map(({ command }: { command: string }) => command));
const SOURCES = ["src/", "src/commands/", "src/pure/"]
  .flatMap((folder) => readdirSync(new URL(folder, HOME)).map((name) => `${folder}${name}`))
  .filter((name) => name.endsWith(".ts"))
  .map((name) => readFileSync(new URL(name, HOME), "utf8"))
  .join("\n");
const STEPS: { description: string; media: { markdown: string }; completionEvents: string[] }[] = walkthroughs.flatMap(
  ({ steps }: { steps: unknown[] }) => steps,
);

test("every command of the manifest is registered", () => {
  for (const name of NAMES) assert.ok(SOURCES.includes(`command("${name}"`), name);
});

test("keys, menus and the walkthrough name commands and settings that exist", () => {
  const used = [...keybindings, ...Object.values(menus).flat()].map(({ command }) => command as string);
  const linked = STEPS.flatMap(({ description }) =>
    [...description.matchAll(/\(command:([\w.]+)/g)].map((one) => one[1]),
  );
  for (const name of [...used, ...linked]) {
    if (name?.startsWith("sfm2.")) assert.ok(NAMES.has(name), name);
  }
  for (const event of STEPS.flatMap(({ completionEvents }) => completionEvents)) {
    const [kind, name = ""] = event.split(":");
    if (kind === "onSettingChanged") assert.ok(name in configuration.properties, event);
    else if (name.startsWith("sfm2.")) assert.ok(SOURCES.includes(`"${name}"`), event);
  }
});

test("each step of the walkthrough has its page", () => {
  assert.ok(STEPS.length > 3);
  for (const { media } of STEPS) assert.ok(existsSync(new URL(media.markdown, HOME)), media.markdown);
});
