/** Where a file is that the server names: below a folder, or below one around it where the repository is larger. */

/** Paths to try, the likeliest first. */
export function placesOf(path: string, folders: readonly string[]): string[] {
  if (path.startsWith("/")) return [path];
  const places = folders.flatMap((folder) =>
    around(folder).map((root, depth) => ({ depth, place: `${root}/${path}` })),
  );
  const sorted = places.sort((one, other) => one.depth - other.depth);
  return [...new Set(sorted.map(({ place }) => place))];
}

/** The folder and those around it. */
function around(folder: string): string[] {
  const parts = folder.split("/").filter(Boolean);
  return parts.map((_, index) => `/${parts.slice(0, parts.length - index).join("/")}`);
}

/** A pattern of VS Code that finds the file in the workspace, at any depth. */
export function patternOf(path: string): string {
  return `**/${path.replace(/[[\]{}*?]/g, "?")}`;
}
