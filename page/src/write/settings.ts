// The controls beside the editor. The choices are kept on this device.
import type { CompleteOptions, Language } from "sfm2-client";
import { LANGUAGES } from "sfm2-editor-core";
import { make, part } from "../elements.ts";

const NAME = "sfm2.settings";

/** Fewer columns than this, and the controls are folded away until they are wanted: the answer comes first. */
const NARROW = "(max-width: 900px)";

export interface Chosen {
  /** "": the server tells it from the code. */
  language: Language | "";
  maxTokens: number;
  temperature: number;
  /** How many completions to choose from, when others are asked for. */
  choices: number;
  /** "": whichever can answer. */
  model: string;
  /** "" takes the server's. */
  adapter: string;
  guard: boolean;
  automatic: boolean;
  tint: boolean;
  feedback: boolean;
}

/** A model that can answer. */
export interface Model {
  /** As a request names it. */
  name: string;
  label: string;
}

const DEFAULTS: Chosen = {
  language: "",
  maxTokens: 96,
  temperature: 0,
  choices: 3,
  model: "",
  adapter: "",
  guard: true,
  automatic: true,
  tint: true,
  feedback: true,
};

/** The request's options that the controls decide. */
export function asOptions(chosen: Chosen): CompleteOptions {
  return {
    ...(chosen.language ? { language: chosen.language } : {}),
    maxLength: chosen.maxTokens,
    temperature: chosen.temperature,
    ...(chosen.model ? { model: chosen.model } : {}),
    ...(chosen.adapter ? { adapter: chosen.adapter } : {}),
    ...(chosen.guard ? {} : { guard: false }),
    logprobs: true,
  };
}

/** What was kept, as far as it is still of the right kind. */
export function restored(text: string | null): Chosen {
  let kept: Partial<Record<string, unknown>> = {};
  try {
    kept = Object(JSON.parse(text ?? "{}"));
  } catch {
    // kept by something else under our name
  }
  const chosen = { ...DEFAULTS } as Record<string, unknown>;
  for (const [name, value] of Object.entries(DEFAULTS))
    if (typeof kept[name] === typeof value) chosen[name] = kept[name];
  const found = chosen as unknown as Chosen;
  return {
    ...found,
    language: Object.hasOwn(LANGUAGES, found.language) ? found.language : DEFAULTS.language,
    maxTokens: within(found.maxTokens, 1, 2048, DEFAULTS.maxTokens),
    choices: within(found.choices, 2, 8, DEFAULTS.choices),
    temperature: Math.min(2, Math.max(0, found.temperature || 0)),
  };
}

function within(wanted: number, least: number, most: number, otherwise: number): number {
  return Math.min(most, Math.max(least, Math.round(wanted) || otherwise));
}

/** Events: `change`. */
export class Settings extends EventTarget {
  chosen: Chosen;
  #language = part("language", HTMLSelectElement);
  #detect = make("option", { value: "" });
  #maxTokens = part("max-tokens", HTMLInputElement);
  #choices = part("choices", HTMLInputElement);
  #temperature = part("temperature", HTMLInputElement);
  #temperatureValue = part("temperature-value", HTMLOutputElement);
  #model = part("model", HTMLSelectElement);
  #adapter = part("adapter", HTMLSelectElement);
  #switches = (["guard", "automatic", "tint", "feedback"] as const).map(
    (name) => [name, part(name, HTMLInputElement)] as const,
  );

  constructor() {
    super();
    this.chosen = restored(localStorage.getItem(NAME));
    this.#language.append(
      this.#detect,
      ...Object.entries(LANGUAGES).map(([name, { label }]) => make("option", { value: name }, label)),
    );
    this.setModels([]);
    this.setAdapters([]);
    this.showDetected(null, false);
    this.#show();
    const form = part("settings", HTMLFormElement);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => this.#showTemperature());
    form.addEventListener("change", () => this.#read());
    this.#language.addEventListener("change", () => this.#read());
    foldWhere(matchMedia(NARROW));
  }

  /** What is known of the code's language while none is chosen. */
  showDetected(language: Language | null, sure: boolean): void {
    const known = language && LANGUAGES[language].label;
    this.#detect.textContent = known ? (sure ? known : `${known}, detected`) : "Detect language";
  }

  setModels(models: readonly Model[]): void {
    const listed = models.some(({ name }) => name === this.chosen.model) || !this.chosen.model;
    const kept = listed ? [] : [{ name: this.chosen.model, label: `${this.chosen.model}, not there now` }];
    const options = [{ name: "", label: "Automatic" }, ...models, ...kept];
    this.#model.replaceChildren(...options.map(({ name, label }) => make("option", { value: name }, label)));
    this.#model.value = this.chosen.model;
  }

  setAdapters(names: string[]): void {
    const listed =
      names.includes(this.chosen.adapter) || this.chosen.adapter === "" ? names : [...names, this.chosen.adapter];
    const option = (value: string, label: string) => make("option", { value }, label);
    const rest = listed.filter((name) => name !== "none").map((name) => option(name, name));
    this.#adapter.replaceChildren(option("", "The one in use"), option("none", "None"), ...rest);
    this.#adapter.value = this.chosen.adapter;
  }

  /** For code in a known language. */
  setLanguage(language: Language | ""): void {
    this.#language.value = language;
    this.#read();
  }

  #show(): void {
    this.#language.value = this.chosen.language;
    this.#maxTokens.value = String(this.chosen.maxTokens);
    this.#choices.value = String(this.chosen.choices);
    this.#temperature.value = String(this.chosen.temperature);
    for (const [name, box] of this.#switches) box.checked = this.chosen[name];
    this.#showTemperature();
  }

  #showTemperature(): void {
    this.#temperatureValue.value = Number(this.#temperature.value).toFixed(1);
    const { maxTokens, guard } = this.chosen;
    const off = guard ? "" : ", no guard";
    part("in-short", HTMLSpanElement).textContent =
      `temperature ${this.#temperatureValue.value}, ${maxTokens} tokens${off}`;
  }

  #read(): void {
    const switches = Object.fromEntries(this.#switches.map(([name, box]) => [name, box.checked]));
    this.chosen = {
      ...this.chosen,
      ...(switches as Pick<Chosen, "guard" | "automatic" | "tint" | "feedback">),
      language: this.#language.value as Language | "",
      maxTokens: within(this.#maxTokens.valueAsNumber, 1, 2048, DEFAULTS.maxTokens),
      choices: within(this.#choices.valueAsNumber, 2, 8, DEFAULTS.choices),
      temperature: this.#temperature.valueAsNumber,
      model: this.#model.value,
      adapter: this.#adapter.value,
    };
    this.#show();
    localStorage.setItem(NAME, JSON.stringify(this.chosen));
    this.dispatchEvent(new Event("change"));
  }
}

/** Beside the editor the controls are open; below it, until they are wanted, only what they say. */
function foldWhere(narrow: MediaQueryList): void {
  const controls = part("controls", HTMLDetailsElement);
  const fold = () => {
    controls.open = !narrow.matches;
  };
  narrow.addEventListener("change", fold);
  fold();
}
