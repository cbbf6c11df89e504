// The page where one writes: the editor, its controls, and what is known of the answer.
import type { Text } from "@codemirror/state";
import type { Connection } from "../api/connection.ts";
import type { Server } from "../api/server.ts";
import type { Completion } from "../api/wire.ts";
import { Editor } from "../editor/editor.ts";
import type { Ghost } from "../editor/ghost.ts";
import { Memory, type Question } from "../editor/memory.ts";
import { make, part } from "../elements.ts";
import type { Journal } from "../journal.ts";
import { EXAMPLES } from "./examples.ts";
import { Readout } from "./readout.ts";
import { inSeconds } from "./saying.ts";
import { asRequest, Settings } from "./settings.ts";

const TEXT = "sfm2.text"; // survives a reload of the tab
const TEXT_KEPT = 1_000_000; // characters; a browser has room for some five
const SAVE_AFTER = 300; // ms

export class Write {
  readonly settings = new Settings();
  #server: Server;
  #connection: Connection;
  #journal: Journal;
  #editor: Editor;
  #readout = new Readout();
  #state = part("state", HTMLSpanElement);
  #announcement = part("announcement", HTMLParagraphElement);
  #examples = part("examples", HTMLDivElement);
  #keys = part("keys", HTMLParagraphElement);
  #ofSuggestion = ["accept", "accept-word", "dismiss"].map((id) => part(id, HTMLButtonElement));
  #told = new Set<string>();
  #saving: ReturnType<typeof setTimeout> | undefined;
  #owed = false; // a question that could not be asked

  constructor(server: Server, connection: Connection, journal: Journal) {
    this.#server = server;
    this.#connection = connection;
    this.#journal = journal;
    this.#editor = new Editor({
      host: part("editor", HTMLDivElement),
      text: sessionStorage.getItem(TEXT) ?? "",
      memory: new Memory(),
      settings: () => JSON.stringify(asRequest(this.settings.chosen)),
      ask: (question, signal) => this.#ask(question, signal),
      automatic: () => this.settings.chosen.automatic && this.#unblocked(),
      busy: (asking) => this.#busy(asking),
      failed: (error) => this.#failed(error),
      suggestion: (ghost) => this.#suggested(ghost),
      accepted: (ghost) => this.#tell(ghost, "accepted"),
      dismissed: (ghost) => this.#tell(ghost, "dismissed"),
      changed: (text) => this.#changed(text),
    });
    this.#listen();
    this.#suggested(null);
    this.#applySettings();
    this.#showExamples(this.#editor.view.state.doc.length === 0);
  }

  #listen(): void {
    const [accept, acceptWord, dismiss] = this.#ofSuggestion;
    accept?.addEventListener("click", () => this.#editor.accept());
    acceptWord?.addEventListener("click", () => this.#editor.acceptWord());
    dismiss?.addEventListener("click", () => {
      this.#editor.dismiss();
      this.#editor.view.focus();
    });
    part("ask", HTMLButtonElement).addEventListener("click", () => {
      this.#editor.view.focus();
      this.#editor.ask();
    });
    addEventListener("pagehide", () => this.#save());
    this.settings.addEventListener("change", () => this.#applySettings());
    this.#connection.addEventListener("back", () => {
      if (this.#owed) this.#editor.ask();
      this.#owed = false;
    });
    this.#examples.append(
      ...EXAMPLES.map(({ label, language, text }) => {
        const button = make("button", { type: "button", class: "quiet" }, label);
        button.addEventListener("click", () => {
          this.settings.setLanguage(language);
          this.#editor.replace(text);
          this.#editor.ask();
        });
        return button;
      }),
    );
  }

  #unblocked(): boolean {
    this.#owed ||= this.#connection.blocked;
    return !this.#connection.blocked;
  }

  async #ask({ prefix, suffix, settings }: Question, signal: AbortSignal): Promise<Completion> {
    const began = performance.now();
    const completion = await this.#server.complete({ prefix, suffix, ...JSON.parse(settings) }, signal);
    const seconds = (performance.now() - began) / 1000;
    this.#connection.worked();
    this.#journal.answered(seconds, completion.tokens?.completion ?? 0);
    this.#readout.show({ question: { prefix, suffix, settings }, completion, seconds, dismissed: false });
    if (!completion.completion) this.#announcement.textContent = "No suggestion: the guard abstained.";
    return completion;
  }

  #failed(error: unknown): void {
    this.#journal.note("failures");
    this.#connection.failed(error);
    this.#owed = this.#connection.blocked;
  }

  #busy(asking: boolean): void {
    this.#state.classList.toggle("busy", asking);
    if (asking) this.#state.textContent = "Asking";
    else if (this.#state.textContent === "Asking") this.#state.textContent = "";
  }

  #suggested(ghost: Ghost | null): void {
    for (const button of this.#ofSuggestion) button.disabled = !ghost;
    if (!ghost) {
      this.#state.textContent = "";
      this.#announcement.textContent = "";
      return;
    }
    this.#readout.show(ghost.answer);
    this.#state.textContent = inSeconds(ghost.answer.seconds);
    // Once a suggestion, not at each character that is typed along.
    if (!this.#announcement.textContent) this.#announcement.textContent = `Suggestion: ${ghost.rest}`;
  }

  #tell({ answer }: Ghost, what: "accepted" | "dismissed"): void {
    const { id } = answer.completion;
    if (!id || this.#told.has(id)) return;
    this.#told.add(id);
    this.#journal.note(what);
    if (!this.settings.chosen.feedback) return;
    // Nothing is lost for the writer when this fails.
    this.#server.feedback(id, what === "accepted" ? "accepted" : "rejected").catch(() => undefined);
  }

  #changed(text: Text): void {
    this.#showExamples(text.length === 0);
    clearTimeout(this.#saving);
    this.#saving = setTimeout(() => this.#save(), SAVE_AFTER);
  }

  #save(): void {
    const { doc } = this.#editor.view.state;
    if (doc.length > TEXT_KEPT) sessionStorage.removeItem(TEXT);
    else sessionStorage.setItem(TEXT, doc.toString());
  }

  #showExamples(shown: boolean): void {
    this.#examples.hidden = !shown;
    this.#keys.hidden = shown;
  }

  #applySettings(): void {
    void this.#editor.setLanguage(this.settings.chosen.language);
    this.#editor.setTinted(this.settings.chosen.tint);
    this.#editor.settingsChanged();
  }
}
