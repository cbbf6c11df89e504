// Before the first paint: the theme that was chosen, else the system's.
import { applyTheme, chosenTheme } from "./theme.ts";

applyTheme(chosenTheme());
