// When to ask: a pause after typing; never while an answer is known; the next keystroke takes the question back.
import type { Extension } from "@codemirror/state";
import { type EditorView, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import type { Completion } from "../api/wire.ts";
import { taken } from "./accept.ts";
import { ghostField, question, show, source } from "./ghost.ts";
import type { Question } from "./memory.ts";

const PAUSE = 250; // ms without a key

export interface Asking {
  ask: (question: Question, signal: AbortSignal) => Promise<Completion>;
  /** Whether to ask without being told to. */
  automatic: () => boolean;
  busy: (asking: boolean) => void;
  failed: (error: unknown) => void;
}

class Asker {
  #view: EditorView;
  #asking: Asking;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: AbortController | null = null;

  constructor(view: EditorView, asking: Asking) {
    this.#view = view;
    this.#asking = asking;
  }

  update(update: ViewUpdate): void {
    if (update.docChanged || update.selectionSet) this.cancel();
    if (update.docChanged && this.#calledFor(update)) this.#timer = setTimeout(() => this.#paused(), PAUSE);
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running?.abort();
    this.#running = null;
  }

  destroy(): void {
    this.cancel();
  }

  /** Ask for the cursor's place, also after a dismissal; what is known is shown at once. */
  async now(): Promise<void> {
    this.cancel();
    const { memory } = this.#view.state.facet(source);
    const here = question(this.#view.state);
    const known = memory.find(here);
    if (known) {
      known.answer.dismissed = false;
      this.#view.dispatch({ effects: show.of(true) });
      if (this.#view.state.field(ghostField)) return;
    }
    const running = new AbortController();
    this.#running = running;
    this.#asking.busy(true);
    const began = performance.now();
    try {
      const completion = await this.#asking.ask(here, running.signal);
      memory.add({ question: here, completion, seconds: (performance.now() - began) / 1000, dismissed: false });
      if (!running.signal.aborted) this.#view.dispatch({ effects: show.of(true) });
    } catch (error) {
      if (!running.signal.aborted) this.#asking.failed(error);
    } finally {
      if (this.#running === running) this.#running = null;
      if (!this.#running) this.#asking.busy(false);
    }
  }

  #calledFor(update: ViewUpdate): boolean {
    const typed = update.transactions.some(
      (one) => one.isUserEvent("input") && !one.isUserEvent("input.indent") && !one.annotation(taken),
    );
    return typed && this.#asking.automatic() && update.state.selection.main.empty && !update.state.field(ghostField);
  }

  #paused(): void {
    this.#timer = undefined;
    const { state, composing } = this.#view;
    const { head } = state.selection.main;
    const inWord = /[\p{L}\p{N}_]/u.test(state.sliceDoc(head, head + 1));
    const blank = state.doc.length === 0;
    if (composing || inWord || blank || !this.#asking.automatic()) return;
    if (!state.facet(source).memory.find(question(state))) void this.now();
  }
}

export type AskerPlugin = ViewPlugin<Asker>;

export function asker(asking: Asking): { plugin: AskerPlugin; extension: Extension } {
  const plugin = ViewPlugin.define((view) => new Asker(view, asking));
  return { plugin, extension: plugin };
}
