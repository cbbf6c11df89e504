/** Code that others wrote: no index of a repository has it. */

const FOLDER =
  /^(node_modules|(site|dist)-packages|vendor|vendored|_vendor|third_party|thirdparty|dist|build|venv|env|\..+)$/;
const PACKAGES = /^.*\/(?:(?:site|dist)-packages|node_modules|typeshed)\//;

/** Whether a path below the workspace's folder is in such a folder, as the server's index has it. */
export function isLibrary(path: string): boolean {
  return path
    .split("/")
    .slice(0, -1)
    .some((folder) => FOLDER.test(folder));
}

/** How a file outside of the workspace is called: below the folder of packages where it is in one, else by its name alone. */
export function outsideName(path: string): string {
  return PACKAGES.test(path) ? path.replace(PACKAGES, "") : (path.split("/").pop() ?? "");
}
