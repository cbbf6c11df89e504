// When to ask: after typing; the core waits for a pause. The next key ends the request, unless it types what is being written.
import type { Extension } from "@codemirror/state";
import { type EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import { InvalidRequestError } from "sfm2-client";
import { isBinary, LEAST_CONFIDENCE } from "sfm2-editor-core";
import { taken } from "./accept.ts";
import { ghostField, reveal, source } from "./ghost.ts";

const PAUSE = 250; // ms without a key

const BINARY = new InvalidRequestError("the text has NUL characters, which no model reads", {
  suggestion: "Remove them",
});

export interface Asking {
  /** Whether to ask while the user types. */
  automatic: () => boolean;
  failed: (error: unknown) => void;
}

class Asker {
  #view: EditorView;
  #asking: Asking;
  #running = new AbortController();

  constructor(view: EditorView, asking: Asking) {
    this.#view = view;
    this.#asking = asking;
  }

  update(update: ViewUpdate): void {
    if (update.docChanged && (calledFor(update) || goesOn(update))) void this.#ask(false);
    else if (update.docChanged || update.selectionSet) this.cancel();
  }

  cancel(): void {
    this.#running.abort();
  }

  destroy(): void {
    this.cancel();
  }

  /** Ask for the cursor's place, also after a dismissal; what is known is shown at once. */
  now(): Promise<void> {
    return this.#ask(true);
  }

  async #ask(invoked: boolean): Promise<void> {
    const brought = this.#view.state.facet(source);
    if (!brought) return;
    const request = brought.request(this.#view.state);
    if (invoked && isBinary(request.place)) return this.#asking.failed(BINARY);
    const before = this.#running;
    const running = new AbortController();
    this.#running = running;
    const mayAsk = () => invoked || (!this.#view.composing && this.#asking.automatic());
    const how = { invoked, mayAsk, delay: PAUSE, minConfidence: LEAST_CONFIDENCE };
    try {
      const asked = brought.suggester.suggest(request, how, running.signal);
      before.abort();
      const found = await asked;
      if (found && !running.signal.aborted) reveal(this.#view);
    } catch (error) {
      this.#asking.failed(error);
    }
  }
}

function calledFor(update: ViewUpdate): boolean {
  const typed = update.transactions.some(
    (one) => one.isUserEvent("input") && !one.isUserEvent("input.indent") && !one.annotation(taken),
  );
  return typed && update.state.selection.main.empty;
}

/** Whether there is more to come of what is shown, or of what was just accepted. */
function goesOn(update: ViewUpdate): boolean {
  const shown = update.state.field(ghostField);
  if (shown) return shown.received.growing;
  const accepted = update.transactions.map((one) => one.annotation(taken)).find((ghost) => ghost !== undefined);
  return accepted !== undefined && (accepted.received.growing || accepted.completion?.finishReason === "length");
}

export type AskerPlugin = ViewPlugin<Asker>;

export function asker(asking: Asking): { plugin: AskerPlugin; extension: Extension } {
  const plugin = ViewPlugin.define((view) => new Asker(view, asking));
  return { plugin, extension: plugin };
}
