/** The switch for each language: `{"*": true, "markdown": false}`, by VS Code's names of languages; `*` is all others. */
export type Switches = Readonly<Record<string, boolean>>;

/** What is set, as far as it is of the right form. */
export function switchesIn(value: unknown): Switches {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).filter(([, on]) => typeof on === "boolean"));
}

export function isOn(switches: Switches, language: string): boolean {
  return (Object.hasOwn(switches, language) ? switches[language] : switches["*"]) ?? true;
}

/** With one language the other way round; an entry that says what `*` says is left out. */
export function toggled(switches: Switches, language: string): Switches {
  const { [language]: _, ...others } = switches;
  const on = !isOn(switches, language);
  return isOn(others, language) === on ? others : { ...others, [language]: on };
}
