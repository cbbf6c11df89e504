// What a recipe is, and what all of them need.
import { VERSION } from "sfm2-client";

export interface Snippet {
  /** Where it goes. */
  where: string;
  code: string;
}

export interface Recipe {
  id: string;
  title: string;
  lead: string;
  /** A file that the server has for it. */
  download?: { name: string; href: string };
  snippets: Snippet[];
}

/** Where the server is, and whether it wants a key. */
export interface Place {
  /** Without a slash at its end. */
  url: string;
  locked: boolean;
  /** The address of the extension for VS Code; undefined where the server does not have it. */
  extension?: string | undefined;
}

export const YOUR_KEY = "sfm2_YOUR_KEY";

export function keyOr(locked: boolean): string {
  return locked ? YOUR_KEY : "none";
}

export function exported({ url, locked }: Place): string {
  return `export SFM2_API_URL=${url}${locked ? `\nexport SFM2_API_KEY=${YOUR_KEY}` : ""}`;
}

/** Nothing is published yet: what is installed is what `make dist` writes. */
export function built(install: string): Snippet {
  return { where: "terminal, in a checkout of SFM-2", code: `make dist\n${install}` };
}

/** The Python package, with what it needs for `extra`. */
export function installing(extra = ""): Snippet {
  const wheel = `dist/sfm2-${VERSION}-py3-none-any.whl`;
  return built(`pip install ${extra ? `'${wheel}[${extra}]'` : wheel}`);
}
