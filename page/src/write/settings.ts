// The controls beside the editor. The choices are kept on this device.
import type { CompleteOptions, Language } from "sfm2-client";
import { LANGUAGES } from "sfm2-editor-core";
import { make, part } from "../elements.ts";

const NAME = "sfm2.settings";

export interface Chosen {
  language: Language;
  maxTokens: number;
  temperature: number;
  /** "" takes the server's. */
  adapter: string;
  guard: boolean;
  automatic: boolean;
  tint: boolean;
  feedback: boolean;
}

const DEFAULTS: Chosen = {
  language: "python",
  maxTokens: 96,
  temperature: 0,
  adapter: "",
  guard: true,
  automatic: true,
  tint: true,
  feedback: true,
};

/** The request's options that the controls decide. */
export function asOptions(chosen: Chosen): CompleteOptions {
  return {
    language: chosen.language,
    maxLength: chosen.maxTokens,
    temperature: chosen.temperature,
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
    language: found.language in LANGUAGES ? found.language : DEFAULTS.language,
    maxTokens: tokensWithin(found.maxTokens),
    temperature: Math.min(2, Math.max(0, found.temperature || 0)),
  };
}

function tokensWithin(wanted: number): number {
  return Math.min(2048, Math.max(1, Math.round(wanted) || DEFAULTS.maxTokens));
}

/** Events: `change`. */
export class Settings extends EventTarget {
  chosen: Chosen;
  #language = part("language", HTMLSelectElement);
  #maxTokens = part("max-tokens", HTMLInputElement);
  #temperature = part("temperature", HTMLInputElement);
  #temperatureValue = part("temperature-value", HTMLOutputElement);
  #adapter = part("adapter", HTMLSelectElement);
  #switches = (["guard", "automatic", "tint", "feedback"] as const).map(
    (name) => [name, part(name, HTMLInputElement)] as const,
  );

  constructor() {
    super();
    this.chosen = restored(localStorage.getItem(NAME));
    this.#language.append(
      ...Object.entries(LANGUAGES).map(([name, { label }]) => make("option", { value: name }, label)),
    );
    this.setAdapters([]);
    this.#show();
    const form = part("settings", HTMLFormElement);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => this.#showTemperature());
    form.addEventListener("change", () => this.#read());
  }

  setAdapters(names: string[]): void {
    const listed =
      names.includes(this.chosen.adapter) || this.chosen.adapter === "" ? names : [...names, this.chosen.adapter];
    const option = (value: string, label: string) => make("option", { value }, label);
    const rest = listed.filter((name) => name !== "none").map((name) => option(name, name));
    this.#adapter.replaceChildren(option("", "The one in use"), option("none", "None"), ...rest);
    this.#adapter.value = this.chosen.adapter;
  }

  setLanguage(language: Language): void {
    this.#language.value = language;
    this.#read();
  }

  #show(): void {
    this.#language.value = this.chosen.language;
    this.#maxTokens.value = String(this.chosen.maxTokens);
    this.#temperature.value = String(this.chosen.temperature);
    for (const [name, box] of this.#switches) box.checked = this.chosen[name];
    this.#showTemperature();
  }

  #showTemperature(): void {
    this.#temperatureValue.value = Number(this.#temperature.value).toFixed(1);
  }

  #read(): void {
    const switches = Object.fromEntries(this.#switches.map(([name, box]) => [name, box.checked]));
    this.chosen = {
      ...this.chosen,
      ...(switches as Pick<Chosen, "guard" | "automatic" | "tint" | "feedback">),
      language: this.#language.value as Language,
      maxTokens: tokensWithin(this.#maxTokens.valueAsNumber),
      temperature: this.#temperature.valueAsNumber,
      adapter: this.#adapter.value,
    };
    this.#show();
    localStorage.setItem(NAME, JSON.stringify(this.chosen));
    this.dispatchEvent(new Event("change"));
  }
}
