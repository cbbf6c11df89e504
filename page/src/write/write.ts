// The page for writing: the editor, its controls, and what is known of the completion.
import type { Text } from "@codemirror/state";
import type { Chunk } from "sfm2-client";
import { type CompletionRequest, type Received, type Service, Suggester } from "sfm2-editor-core";
import type { PageConnection } from "../api/connection.ts";
import type { Routes } from "../api/routes.ts";
import { Editor } from "../editor/editor.ts";
import type { Ghost } from "../editor/ghost.ts";
import { part } from "../elements.ts";
import type { Journal } from "../journal.ts";
import { Alternatives, type Asked } from "./alternatives.ts";
import { Detection } from "./detection.ts";
import { type Example, isAnExamples, showExamples } from "./examples.ts";
import { Explaining } from "./explanation.ts";
import { Readout } from "./readout.ts";
import { inSeconds } from "./saying.ts";
import { asOptions, Settings } from "./settings.ts";

const TEXT = "sfm2.text"; // survives a reload of the tab
const TEXT_KEPT = 1_000_000; // characters; a browser has room for some five
const SAVE_AFTER = 300; // ms
const TELLING = 20_000; // characters of the code that tell its language

const NOTHING_YET = "Nothing was suggested yet.";
const STILL = "It is still being written.";
const NOT_OF_THIS = "Nothing was suggested for the text as it is now.";

export class Write {
  readonly settings = new Settings();
  #service: Service;
  #connection: PageConnection;
  #journal: Journal;
  #editor: Editor;
  #detection: Detection;
  #alternatives: Alternatives;
  #explaining: Explaining;
  #readout = new Readout();
  #state = part("state", HTMLSpanElement);
  #announcement = part("announcement", HTMLParagraphElement);
  #ofSuggestion = ["accept", "accept-word", "dismiss", "other"].map((id) => part(id, HTMLButtonElement));
  #reported = new Set<string>();
  #owing = new WeakMap<Received, "accepted" | "dismissed">();
  #running = 0; // requests
  #saving: ReturnType<typeof setTimeout> | undefined;
  #owed = false; // a request that could not be sent

  constructor(service: Service, routes: Routes, connection: PageConnection, journal: Journal) {
    this.#service = service;
    this.#connection = connection;
    this.#journal = journal;
    this.#detection = new Detection(
      (code) => routes.languageOf(code),
      () => this.#languageFound(),
    );
    this.#alternatives = new Alternatives({
      ask: (request, signal) => this.#ask(request, signal),
      show: ({ completion, seconds }) => this.#editor.offer(completion, seconds),
      said: (text) => this.#sayWhich(text),
      failed: (error) => this.#failed(error),
    });
    this.#explaining = new Explaining({
      explain: (text, signal, heard) => this.#service.explain(text, this.#options(), signal, heard),
      failed: (error) => this.#failed(error),
      busy: (runs) => this.#busy(runs ? 1 : -1),
    });
    this.#editor = new Editor({
      host: part("editor", HTMLDivElement),
      text: sessionStorage.getItem(TEXT) ?? "",
      suggester: new Suggester(async (request, signal, heard) => (await this.#ask(request, signal, heard)).completion, {
        grew: (received) => this.#grew(received),
      }),
      settings: () => this.#options(),
      automatic: () => this.settings.chosen.automatic && this.#unblocked(),
      failed: (error) => this.#failed(error),
      suggestion: (ghost) => this.#suggested(ghost),
      accepted: ({ received }) => this.#report(received, "accepted"),
      dismissed: ({ received }) => this.#report(received, "dismissed"),
      another: (by) => this.#another(by),
      changed: (text, inserted) => this.#changed(text, inserted),
    });
    this.#listen();
    this.#suggested(null);
    this.#readout.clear(NOTHING_YET);
    this.#applySettings();
    this.#detect(this.#editor.text.length, this.#editor.text);
  }

  #listen(): void {
    const [accept, acceptWord, dismiss, other] = this.#ofSuggestion;
    accept?.addEventListener("click", () => this.#editor.accept());
    acceptWord?.addEventListener("click", () => this.#editor.acceptWord());
    dismiss?.addEventListener("click", () => this.#stop());
    other?.addEventListener("click", () => this.#another(1));
    part("stop", HTMLButtonElement).addEventListener("click", () => this.#stop());
    part("ask", HTMLButtonElement).addEventListener("click", () => {
      this.#editor.view.focus();
      this.#editor.ask();
    });
    part("explain", HTMLButtonElement).addEventListener("click", () => void this.#explain());
    part("bring-back", HTMLButtonElement).addEventListener("click", () => this.#editor.undo());
    addEventListener("pagehide", () => this.#save());
    this.settings.addEventListener("change", () => this.#applySettings());
    this.#connection.addEventListener("back", () => {
      if (this.#owed) this.#editor.ask();
      this.#owed = false;
    });
    showExamples((example) => this.#try(example));
  }

  #try({ language, prefix, suffix }: Example): void {
    const text = this.#editor.text.toString();
    this.settings.setLanguage("");
    this.#editor.replace(prefix, suffix);
    this.#detection.learn(language, true);
    part("bring-back", HTMLButtonElement).hidden = text.trim() === "" || isAnExamples(text);
    this.#editor.ask();
  }

  /** What the controls say, and the language where it is known without them. */
  #options() {
    const options = asOptions(this.settings.chosen);
    const { language, sure } = this.#detection;
    return options.language || !sure || !language ? options : { ...options, language };
  }

  #unblocked(): boolean {
    const { blocked } = this.#connection;
    this.#owed ||= blocked;
    if (blocked) this.#connection.nudge();
    return !blocked;
  }

  /** `heard` gets what comes before the whole. */
  async #ask(request: CompletionRequest, signal: AbortSignal, heard?: (chunk: Chunk) => void): Promise<Asked> {
    const began = performance.now();
    this.#busy(1);
    try {
      const completion = await this.#service.complete(request, signal, heard);
      const seconds = (performance.now() - began) / 1000;
      this.#connection.answered();
      this.#journal.answered(seconds, completion.tokens.completion);
      if (!request.place.language) this.#detection.hear(completion.language);
      // A suggestion is reported when it is shown; of what is not, there is only this.
      if (!completion.completion && !signal.aborted) {
        this.#readout.show(completion, seconds);
        this.#announcement.textContent = "No suggestion: the guard abstained.";
      }
      return { completion, seconds };
    } finally {
      this.#busy(-1);
    }
  }

  async #explain(): Promise<void> {
    const passage = this.#editor.passage();
    if (!passage.text.trim()) {
      this.#state.textContent = "There is no code to explain";
      return;
    }
    await this.#explaining.start(passage);
  }

  #another(by: 1 | -1): void {
    const { ghost } = this.#editor;
    if (ghost) void this.#alternatives.step(by, ghost, this.#editor.request(), this.settings.chosen.choices);
    else this.#editor.ask();
  }

  /** Ends what runs, and takes away what is shown. */
  #stop(): void {
    this.#explaining.stop();
    this.#editor.dismiss();
    this.#editor.view.focus();
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
    part("ask", HTMLButtonElement).hidden = asking;
    part("stop", HTMLButtonElement).hidden = !asking;
    if (asking) this.#state.textContent = "Asking";
    else if (this.#state.textContent === "Asking") this.#state.textContent = "";
  }

  #suggested(ghost: Ghost | null): void {
    for (const button of this.#ofSuggestion) button.disabled = !ghost;
    part("other", HTMLButtonElement).disabled = !ghost?.completion;
    if (!ghost) {
      this.#alternatives.forget();
      this.#state.textContent = "";
      this.#announcement.textContent = "";
      return;
    }
    const { completion } = ghost;
    if (!completion) {
      this.#readout.clear(STILL);
      return;
    }
    this.#readout.show(completion, ghost.seconds);
    if (this.#running === 0) this.#state.textContent = inSeconds(ghost.seconds);
    // Once per suggestion, when it is whole, and not at each character that is typed along.
    if (!this.#announcement.textContent) this.#announcement.textContent = `Suggestion: ${ghost.text}`;
  }

  #sayWhich(text: string): void {
    part("which", HTMLSpanElement).textContent = text;
    if (text) this.#announcement.textContent = "";
  }

  /** There is more of a completion, or all of it: what became of a part of it is reported with its number. */
  #grew(received: Received): void {
    this.#editor.grew(received);
    const verdict = this.#owing.get(received);
    if (verdict && received.completion) this.#report(received, verdict);
  }

  #report(received: Received, what: "accepted" | "dismissed"): void {
    if (!received.completion) {
      this.#owing.set(received, what);
      return;
    }
    const { id } = received.completion;
    if (id && this.#reported.has(id)) return;
    this.#journal.note(what);
    if (!id) return;
    this.#reported.add(id);
    if (!this.settings.chosen.feedback) return;
    const outcome = what === "accepted" ? "accepted" : "rejected";
    this.#service.feedback(id, outcome).catch((error: unknown) => console.debug("feedback was not accepted:", error));
  }

  /** `taken`: the change is the acceptance of a suggestion, of which the answer speaks. */
  #changed(text: Text, { inserted, taken }: { inserted: number; taken: boolean }): void {
    if (!taken && !this.#editor.ghost) this.#readout.clear(text.length === 0 ? NOTHING_YET : NOT_OF_THIS);
    if (!taken) this.#alternatives.forget();
    part("bring-back", HTMLButtonElement).hidden = true;
    this.#explaining.changed(() => text.toString());
    this.#detect(inserted, text);
    clearTimeout(this.#saving);
    this.#saving = setTimeout(() => this.#save(), SAVE_AFTER);
  }

  #detect(inserted: number, text: Text): void {
    this.#detection.edited(inserted, () => text.sliceString(0, TELLING));
  }

  #languageFound(): void {
    const { language, sure } = this.#detection;
    this.settings.showDetected(language, sure);
    if (!this.settings.chosen.language) void this.#editor.setLanguage(language);
  }

  #save(): void {
    const { doc } = this.#editor.view.state;
    if (doc.length > TEXT_KEPT) sessionStorage.removeItem(TEXT);
    else sessionStorage.setItem(TEXT, doc.toString());
  }

  #applySettings(): void {
    void this.#editor.setLanguage(this.settings.chosen.language || this.#detection.language);
    this.#editor.setTinted(this.settings.chosen.tint);
    this.#editor.settingsChanged();
  }
}
