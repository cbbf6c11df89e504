/** The address of the extension for VS Code at the server `url`; undefined where it was not built, or nothing answers. */
export async function extensionOf(url: string, ask: typeof fetch = fetch): Promise<string | undefined> {
  const address = `${url}/editors/sfm2.vsix`;
  // `fetch` must not be called as a method.
  const answer = await ask(address, { method: "HEAD" }).catch(() => undefined);
  return answer?.ok ? address : undefined;
}
