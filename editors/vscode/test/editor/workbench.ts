/** VS Code's window, as its user sees and handles it. */
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { until } from "../../../core/test/until.ts";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const GHOST = ".monaco-editor .ghost-text-decoration, .monaco-editor .ghost-text";

/** A model on a busy machine takes its time. */
const ANSWER = 240;
/** Milliseconds within which ghost text that is not whole has grown. */
const GROWING = 1500;

export class Workbench {
  private constructor(
    private readonly browser: Browser,
    readonly page: Page,
    private readonly pictures: string | undefined,
  ) {}

  /** `pictures`: the folder for screenshots; undefined takes none. */
  static async open(url: string, pictures: string | undefined): Promise<Workbench> {
    const executablePath = process.env.SFM2_CHROMIUM ?? CHROMIUM.find((path) => existsSync(path));
    if (!executablePath)
      throw new Error("There is no Chromium. On Debian: apt-get install chromium; or set SFM2_CHROMIUM");
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    const page = await browser.newPage({ viewport: { width: 900, height: 480 }, colorScheme: "dark" });
    page.setDefaultTimeout(120_000);
    await page.goto(url);
    await page.waitForSelector(".monaco-workbench .statusbar");
    await page.waitForSelector(".explorer-folders-view");
    await page.keyboard.press("Control+B");
    return new Workbench(browser, page, pictures);
  }

  async close(): Promise<void> {
    await this.browser.close();
  }

  async openFile(name: string, ready = ".monaco-editor.focused"): Promise<void> {
    // The list may be older than the file.
    await until(`${name} can be opened`, 120, async () => {
      await this.page.keyboard.press("Control+P");
      await this.page.waitForSelector(".quick-input-widget input");
      await this.page.keyboard.type(name);
      // The one that Enter takes: a file that was opened before is in the list from the beginning.
      const entry = this.page.locator(`.quick-input-list .monaco-list-row.focused[aria-label*="${name}"]`);
      const found = await entry.waitFor({ timeout: 10_000 }).then(
        () => true,
        () => false,
      );
      await this.page.keyboard.press(found ? "Enter" : "Escape");
      return found;
    });
    await this.page.waitForSelector(`.tab.active[data-resource-name="${name}"]`);
    await this.page.waitForSelector(ready);
  }

  /** With the cursor in the last of its `cells`. */
  async openNotebook(name: string, cells: number): Promise<void> {
    await this.openFile(name, ".notebook-editor .monaco-editor");
    const editors = this.page.locator(".notebook-editor .cell-list-container .monaco-editor .view-lines");
    await until("the cells are drawn", 60, async () => (await editors.count()) >= cells);
    await editors.nth(cells - 1).click();
    await this.page.waitForSelector(".notebook-editor .monaco-editor.focused");
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text, { delay: 40 });
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  async command(title: string): Promise<void> {
    await this.page.keyboard.press("F1");
    await this.page.waitForSelector(".quick-input-widget input");
    await this.page.keyboard.type(title);
    await this.page.waitForSelector(`.quick-input-list [aria-label*="${title}"]`);
    await this.page.keyboard.press("Enter");
  }

  /** Takes what the light bulb offers first. */
  async action(title: string): Promise<void> {
    const offered = this.page.locator(".action-widget").getByText(title).first();
    // Where the cursor has just come, nothing may be known yet.
    await until(`${title} is offered`, 120, async () => {
      await this.page.keyboard.press("Control+.");
      const there = await offered.waitFor({ timeout: 5_000 }).then(
        () => true,
        () => false,
      );
      if (!there) await this.page.keyboard.press("Escape");
      return there;
    });
    await this.page.keyboard.press("Enter");
  }

  /** Answers an input box. */
  async answer(title: string, text: string): Promise<void> {
    await this.page.waitForSelector(`.quick-input-widget:has-text("${title}") input[type=password]`);
    await this.page.keyboard.type(text);
    await this.page.keyboard.press("Enter");
  }

  /** What is suggested, with its line ends; "" while there is nothing. */
  async ghostText(): Promise<string> {
    // No function has a name in here: it runs in the page.
    return this.page.evaluate((selector) => {
      const lines = new Map<number, string>();
      for (const part of document.querySelectorAll(selector)) {
        if (part.parentElement?.closest(selector)) continue;
        const below = [...part.querySelectorAll(".view-line")];
        for (const piece of below.length > 0 ? below : [part]) {
          const top = Math.round(piece.getBoundingClientRect().top);
          lines.set(top, (lines.get(top) ?? "") + piece.textContent);
        }
      }
      // The lines below the first stand before it in the page's tree.
      const texts = [...lines.keys()].sort((a, b) => a - b).map((top) => lines.get(top));
      return texts.join("\n").replaceAll("\u00a0", " ").replaceAll("\u200c", "");
    }, GHOST);
  }

  async untilGhostText(): Promise<string> {
    await until("ghost text is shown", ANSWER, async () => (await this.ghostText()).trim() !== "");
    // Its first line is shown as soon as it is sure; the others follow, while the status bar says that it is asking.
    const asking = this.page.locator('[id="sfm2.sfm2.status"] .codicon-modifier-spin');
    await until("the answer is whole", ANSWER, async () => (await asking.count()) === 0);
    let [before, ghost] = ["", await this.ghostText()];
    while (ghost !== before) {
      before = ghost;
      await this.page.waitForTimeout(GROWING);
      ghost = await this.ghostText();
    }
    return ghost;
  }

  async untilOtherThan(ghost: string): Promise<void> {
    await until("other ghost text is shown, or none", 30, async () => (await this.ghostText()) !== ghost);
  }

  /** What the status bar says of SFM-2, for the eye and for a screen reader. */
  async status(): Promise<string> {
    const item = this.page.locator('[id="sfm2.sfm2.status"]');
    const text = await item.textContent();
    return `${text?.replaceAll("\u00a0", " ").trim()} | ${await item.locator("a").first().getAttribute("aria-label")}`;
  }

  async untilStatus(pattern: RegExp, seconds = ANSWER): Promise<string> {
    let said = "";
    const what = () => `the status bar says ${pattern}; it says ${said}`;
    await until("", seconds, async () => {
      said = await this.status().catch(() => "nothing");
      return pattern.test(said);
    }).catch(() => {
      throw new Error(what());
    });
    return said;
  }

  /** What the editor shows; of a long file the part in view. */
  async text(): Promise<string> {
    const lines = await this.page.locator(".editor-instance .view-lines .view-line").allTextContents();
    return lines.join("\n").replaceAll("\u00a0", " ");
  }

  /** The text of the page beside the editor, once it has `part` in it. */
  async preview(part: string): Promise<string> {
    let said = "";
    await until(`the page says ${part}`, ANSWER, async () => {
      const texts = this.page.frames().map((frame) => frame.locator("body").textContent({ timeout: 2_000 }));
      const told = (await Promise.allSettled(texts)).map((one) =>
        one.status === "fulfilled" ? (one.value ?? "") : "",
      );
      said = told.find((text) => text.includes(part)) ?? "";
      return said !== "";
    });
    return said;
  }

  /** Saves the file at `path`; what is in it then. */
  async save(path: string): Promise<string> {
    const before = readFileSync(path, "utf8");
    // What is changed and in front is saved, nothing else: a comparison may still be closing.
    await this.page.waitForSelector(`.tab.active.dirty[data-resource-name="${basename(path)}"]`);
    await this.page.waitForSelector(".monaco-editor.focused");
    await this.page.keyboard.press("Control+S");
    await until(`${path} is saved`, 60, async () => readFileSync(path, "utf8") !== before);
    // A large file is not written all at once.
    await this.page.waitForSelector(".tab.active:not(.dirty)");
    return readFileSync(path, "utf8");
  }

  async screenshot(name: string): Promise<void> {
    if (this.pictures) await this.page.screenshot({ path: join(this.pictures, `vscode-${name}.png`) });
  }

  /** What the status bar says in full, as one sees who points at it. */
  async pointAtStatus(): Promise<string> {
    await this.page.mouse.move(300, 200);
    await this.page.locator('[id="sfm2.sfm2.status"]').hover();
    const bubble = this.page.locator(".workbench-hover");
    await bubble.waitFor();
    return ((await bubble.textContent()) ?? "").replaceAll("\u00a0", " ");
  }

  /** Always; for finding out why a test failed. */
  async picture(path: string): Promise<void> {
    await this.page.screenshot({ path });
  }
}
