/** Light or dark: what the user chose, else what the system has. */
type Theme = "light" | "dark";

const NAME = "sfm2.theme";

/** Null follows the system. */
export function chosenTheme(): Theme | null {
  const found = localStorage.getItem(NAME);
  return found === "light" || found === "dark" ? found : null;
}

export function applyTheme(theme: Theme | null): void {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

/** A button that changes over to the other theme. What the system has anyway is not kept as a choice. */
export function themeButton(button: HTMLButtonElement): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const system = (): Theme => (dark.matches ? "dark" : "light");
  const other = (): Theme => ((chosenTheme() ?? system()) === "dark" ? "light" : "dark");
  const label = () => {
    button.textContent = other() === "dark" ? "Dark" : "Light";
    button.ariaLabel = `${button.textContent} theme`;
  };
  button.addEventListener("click", () => {
    const next = other();
    if (next === system()) localStorage.removeItem(NAME);
    else localStorage.setItem(NAME, next);
    applyTheme(chosenTheme());
    label();
  });
  dark.addEventListener("change", label);
  label();
}
