import type { Key } from "../api/key.ts";
import { make, part } from "../elements.ts";
import { extensionOf } from "./extension.ts";
import { type Recipe, type Snippet, YOUR_KEY } from "./recipe.ts";
import { recipes } from "./recipes.ts";

const SAID = 2000; // ms that "Copied" is shown

/** How to connect each editor, with this server's address in it. */
export class Connect {
  #url: string;
  #key: Key;
  #extension: string | undefined;
  #place = part("recipes", HTMLDivElement);

  constructor(base: string, key: Key) {
    this.#url = base.replace(/\/+$/, "");
    this.#key = key;
    part("own-url", HTMLElement).textContent = this.#url;
    this.draw();
    void extensionOf(this.#url).then((found) => {
      this.#extension = found;
      if (found) this.draw();
    });
  }

  draw(): void {
    const locked = this.#key.value !== null;
    const all = recipes({ url: this.#url, locked, extension: this.#extension });
    const note = locked
      ? [
          make(
            "p",
            { class: "hint" },
            "This server wants a key: put yours in place of ",
            make("code", {}, YOUR_KEY),
            ".",
          ),
        ]
      : [];
    this.#place.replaceChildren(contents(all), make("div", { class: "recipes" }, ...note, ...all.map(section)));
  }
}

function contents(all: Recipe[]): HTMLElement {
  const links = all.map(({ id, title }) => {
    const button = make("button", { type: "button", class: "quiet" }, title);
    // Not links: the part of the address after # names the page.
    button.addEventListener("click", () => {
      const target = document.getElementById(`recipe-${id}`);
      target?.scrollIntoView({ block: "start" });
      target?.focus({ preventScroll: true });
    });
    return make("li", {}, button);
  });
  return make("nav", { class: "contents", "aria-label": "Programs" }, make("ul", {}, ...links));
}

function section({ id, title, lead, download, snippets }: Recipe): HTMLElement {
  const heading = make("h2", { id: `recipe-${id}`, tabindex: "-1" }, title);
  return make(
    "section",
    { class: "recipe" },
    heading,
    make("p", { class: "lead" }, lead, ...(download ? [" ", make("a", { href: download.href }, download.name)] : [])),
    ...snippets.map((one) => block(one, title)),
  );
}

function block({ where, code }: Snippet, title: string): HTMLElement {
  const copy = make("button", { type: "button", class: "copy", "aria-label": `Copy for ${title}, ${where}` }, "Copy");
  const text = make(
    "pre",
    { tabindex: "0", "aria-label": `${title}, ${where}`, role: "region" },
    make("code", {}, code),
  );
  copy.addEventListener("click", async () => {
    copy.textContent = (await copied(code, text)) ? "Copied" : "Selected";
    setTimeout(() => {
      copy.textContent = "Copy";
    }, SAID);
  });
  return make("div", { class: "block" }, make("div", { class: "where" }, make("span", {}, where), copy), text);
}

/** The clipboard is there on https and localhost only; elsewhere the text is selected, ready for Ctrl+C. */
async function copied(code: string, text: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(code);
    return true;
  } catch {
    getSelection()?.selectAllChildren(text);
    return false;
  }
}
