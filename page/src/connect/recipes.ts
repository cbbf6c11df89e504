import * as editors from "./editors.ts";
import * as programs from "./programs.ts";
import type { Place, Recipe } from "./recipe.ts";

/** How each program finds this server, the commonest first. */
export function recipes(place: Place): Recipe[] {
  const all = [
    editors.vscode,
    editors.neovim,
    editors.jetbrains,
    editors.lsp,
    programs.notebook,
    programs.python,
    programs.javascript,
    programs.curl,
    programs.commandLine,
    programs.openai,
    editors.continueDev,
    editors.zed,
    editors.llamaCpp,
    programs.aider,
  ];
  return all.map((recipe) => recipe(place));
}
