import type { Key } from "./api/key.ts";
import { part } from "./elements.ts";

/** Where the API key is entered. `changed` is called when it is another one. */
export class KeyDialog {
  #key: Key;
  #dialog = part("key-dialog", HTMLDialogElement);
  #field = part("key", HTMLInputElement);
  #keep = part("key-keep", HTMLInputElement);
  #forget = part("key-forget", HTMLButtonElement);
  #why = part("key-why", HTMLParagraphElement);

  constructor(key: Key, changed: () => void) {
    this.#key = key;
    part("key-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      const value = this.#field.value.trim();
      if (value) key.set(value, this.#keep.checked);
      this.#dialog.close();
      if (value) changed();
    });
    part("key-cancel", HTMLButtonElement).addEventListener("click", () => this.#dialog.close());
    this.#forget.addEventListener("click", () => {
      key.forget();
      this.#dialog.close();
      changed();
    });
  }

  open(why = ""): void {
    if (this.#dialog.open) return;
    this.#field.value = "";
    this.#keep.checked = this.#key.kept;
    this.#forget.hidden = this.#key.value === null;
    const now = this.#key.value
      ? "This page has a key; another takes its place."
      : "Where a server wants one, each request carries it.";
    this.#why.textContent = why || now;
    this.#dialog.showModal();
    this.#field.focus();
  }
}
