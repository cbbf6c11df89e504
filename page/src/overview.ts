import type { Health } from "sfm2-client";
import type { PageConnection } from "./api/connection.ts";
import { make, part } from "./elements.ts";

/** The word in the header: whether the server works, and which model would answer. */
export function overview(connection: PageConnection): void {
  const place = part("health", HTMLSpanElement);
  connection.addEventListener("health", () => {
    const { state, label, why } = inAWord(connection.health);
    place.className = `health ${state}`;
    place.title = why;
    place.replaceChildren(make("span", { class: "dot", "aria-hidden": "true" }), label);
  });
}

function inAWord(health: Health | null): { state: "good" | "busy" | "bad"; label: string; why: string } {
  if (!health) return { state: "bad", label: "no answer", why: "The server does not answer" };
  const backends = Object.entries(health.modelStatus);
  const why = backends.map(([name, status]) => `${name}: ${status.replaceAll("_", " ")}`).join("\n");
  if (health.status === "unhealthy") {
    const loading = backends.some(([, status]) => status === "loading");
    return { state: loading ? "busy" : "bad", label: loading ? "loading" : "unhealthy", why };
  }
  const first = backends.find(([, status]) => status === "available" || status === "configured");
  return {
    state: health.status === "healthy" ? "good" : "busy",
    label: nameOf(health, first?.[0]) ?? health.status,
    why,
  };
}

/** Its model's, where the backend tells. */
function nameOf(health: Health, backend: string | undefined): string | undefined {
  return backend && (health.backends[backend]?.model ?? backend);
}
