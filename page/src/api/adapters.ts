// The one route that the page needs and the client does not have: the models of OpenAI's protocol, which name the adapters.
import { APIConnectionError, AuthenticationError, RateLimitError, ServerError } from "sfm2-client";

const TIMEOUT = 10_000; // ms

/** Throws as the client does. */
export async function adapterNames(base: string, key: string | null): Promise<string[]> {
  const response = await fetch(new URL("v1/models", base), {
    headers: key ? { Authorization: `Bearer ${key}` } : {},
    cache: "no-store",
    signal: AbortSignal.timeout(TIMEOUT),
  }).catch((cause: unknown) => {
    throw new APIConnectionError("the server does not answer", { cause });
  });
  if (!response.ok) throw refusal(response);
  const { data }: { data?: { id: string }[] } = await response.json();
  return (data ?? []).map(({ id }) => id.split(":")[1]).filter((name) => name !== undefined);
}

function refusal({ status, headers }: Response): Error {
  const message = `the server answered ${status} when asked for its models`;
  const retryAfter = Number.parseFloat(headers.get("Retry-After") ?? "");
  if (status === 401) return new AuthenticationError(message, { status });
  if (status === 429)
    return new RateLimitError(message, { status, retryAfter: retryAfter >= 0 ? retryAfter : undefined });
  return new ServerError(message, { status });
}
