// What the page is made of, and how its parts know each other.
import type { Health } from "sfm2-client";
import { Service } from "sfm2-editor-core";
import { PageConnection } from "./api/connection.ts";
import { Key } from "./api/key.ts";
import { Routes } from "./api/routes.ts";
import { Connect } from "./connect/connect.ts";
import { Dashboard } from "./dashboard/dashboard.ts";
import { Series } from "./dashboard/series.ts";
import { part } from "./elements.ts";
import { Journal } from "./journal.ts";
import { KeyDialog } from "./key-dialog.ts";
import { notice } from "./notice.ts";
import { overview } from "./overview.ts";
import { pages } from "./pages.ts";
import { themeButton } from "./theme.ts";
import type { Model } from "./write/settings.ts";
import { Write } from "./write/write.ts";

let learned = false;
const base = document.baseURI.replace(/[?#].*$/, "");
const key = new Key(sessionStorage, localStorage);
const service = new Service(base, key.value ?? undefined, (url, init) => fetch(url, { ...init, cache: "no-store" }));
const routes = new Routes(base, key);
const series = new Series();
const connection = new PageConnection({
  health: (signal) => service.health(signal),
  // Where the server wants a key, this request is the one that shows it; what it answers is the dashboard's first sample.
  admitted: async (signal) => {
    const stats = await service.stats(signal);
    if (stats) series.add({ at: Date.now(), stats });
  },
});
const journal = new Journal();
const write = new Write(service, routes, connection, journal);
const dashboard = new Dashboard(service, connection, journal, series);
const connect = new Connect(base, key);
const dialog = new KeyDialog(key, () => {
  learned = false;
  connect.draw();
  service.use(base, key.value ?? undefined);
  void connection.restart();
});

themeButton(part("theme-button", HTMLButtonElement));
part("key-button", HTMLButtonElement).addEventListener("click", () => dialog.open());
notice(connection, key, () => dialog.open());
overview(connection);
connection.addEventListener("health", () => write.settings.setModels(modelsOf(connection.health)));
connection.addEventListener("back", () => void learn());
pages((page) => dashboard.show(page === "dashboard"));
void connection.check();

/** The models that can be named in a request: of each backend that answers. */
function modelsOf(health: Health | null): Model[] {
  return Object.entries(health?.backends ?? {})
    .filter(([, { status }]) => status === "available" || status === "configured")
    .map(([name, { model }]) => ({ name, label: model ?? name }));
}

/** The adapters that the server has. Once: this is a request like others. */
async function learn(): Promise<void> {
  if (learned) return;
  learned = true;
  try {
    write.settings.setAdapters(await routes.adapters());
  } catch (error) {
    learned = false;
    connection.failed(error);
  }
}
