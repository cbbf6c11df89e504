/** The server's address. */

/** Whether it is this machine's. */
export function isLocal(url: string): boolean {
  const host = parsed(url)?.hostname ?? "";
  return host === "localhost" || host === "[::1]" || /^127(\.\d+){3}$/.test(host);
}

export function portOf(url: string): number {
  const address = parsed(url);
  return Number(address?.port) || (address?.protocol === "https:" ? 443 : 80);
}

function parsed(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}
