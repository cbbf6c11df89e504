// The page for writing: the editor, its controls, and what is known of the completion.
import type { Text } from "@codemirror/state";
import type { Completion } from "sfm2-client";
import { type CompletionRequest, type Service, Suggester } from "sfm2-editor-core";
import type { PageConnection } from "../api/connection.ts";
import { Editor } from "../editor/editor.ts";
import type { Ghost } from "../editor/ghost.ts";
import { make, part } from "../elements.ts";
import type { Journal } from "../journal.ts";
import { EXAMPLES } from "./examples.ts";
import { Readout } from "./readout.ts";
import { inSeconds } from "./saying.ts";
import { asOptions, Settings } from "./settings.ts";

const TEXT = "sfm2.text"; // survives a reload of the tab
const TEXT_KEPT = 1_000_000; // characters; a browser has room for some five
const SAVE_AFTER = 300; // ms

export class Write {
  readonly settings = new Settings();
  #service: Service;
  #connection: PageConnection;
  #journal: Journal;
  #editor: Editor;
  #readout = new Readout();
  #state = part("state", HTMLSpanElement);
  #announcement = part("announcement", HTMLParagraphElement);
  #examples = part("examples", HTMLDivElement);
  #keys = part("keys", HTMLParagraphElement);
  #ofSuggestion = ["accept", "accept-word", "dismiss"].map((id) => part(id, HTMLButtonElement));
  #reported = new Set<string>();
  #running = 0; // requests
  #saving: ReturnType<typeof setTimeout> | undefined;
  #owed = false; // a request that could not be sent

  constructor(service: Service, connection: PageConnection, journal: Journal) {
    this.#service = service;
    this.#connection = connection;
    this.#journal = journal;
    this.#editor = new Editor({
      host: part("editor", HTMLDivElement),
      text: sessionStorage.getItem(TEXT) ?? "",
      suggester: new Suggester((request, signal) => this.#ask(request, signal)),
      settings: () => asOptions(this.settings.chosen),
      automatic: () => this.settings.chosen.automatic && this.#unblocked(),
      failed: (error) => this.#failed(error),
      suggestion: (ghost) => this.#suggested(ghost),
      accepted: (ghost) => this.#report(ghost, "accepted"),
      dismissed: (ghost) => this.#report(ghost, "dismissed"),
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
    const { blocked } = this.#connection;
    this.#owed ||= blocked;
    if (blocked) this.#connection.nudge();
    return !blocked;
  }

  async #ask(request: CompletionRequest, signal: AbortSignal): Promise<Completion> {
    const began = performance.now();
    this.#busy(1);
    try {
      const completion = await this.#service.complete(request, signal);
      const seconds = (performance.now() - began) / 1000;
      this.#connection.answered();
      this.#journal.answered(seconds, completion.tokens.completion);
      this.#readout.show(completion, seconds);
      if (!completion.completion) this.#announcement.textContent = "No suggestion: the guard abstained.";
      return completion;
    } finally {
      this.#busy(-1);
    }
  }

  #failed(error: unknown): void {
    this.#journal.note("failures");
    this.#connection.failed(error);
    this.#owed = this.#connection.blocked;
  }

  /** One more request runs, or one less. */
  #busy(more: 1 | -1): void {
    this.#running += more;
    const asking = this.#running > 0;
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
    this.#readout.show(ghost.completion, ghost.seconds);
    this.#state.textContent = inSeconds(ghost.seconds);
    // Once per suggestion, not at each character that is typed along.
    if (!this.#announcement.textContent) this.#announcement.textContent = `Suggestion: ${ghost.text}`;
  }

  #report({ completion: { id } }: Ghost, what: "accepted" | "dismissed"): void {
    if (!id || this.#reported.has(id)) return;
    this.#reported.add(id);
    this.#journal.note(what);
    if (!this.settings.chosen.feedback) return;
    const outcome = what === "accepted" ? "accepted" : "rejected";
    this.#service.feedback(id, outcome).catch((error: unknown) => console.debug("feedback was not accepted:", error));
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
