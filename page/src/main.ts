// What the page is made of, and how its parts know each other.
import { Service } from "sfm2-editor-core";
import { adapterNames } from "./api/adapters.ts";
import { PageConnection } from "./api/connection.ts";
import { Key } from "./api/key.ts";
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
import { Write } from "./write/write.ts";

let learned = false;
const base = document.baseURI.replace(/[?#].*$/, "");
const key = new Key(sessionStorage, localStorage);
const service = new Service(base, key.value ?? undefined, (url, init) => fetch(url, { ...init, cache: "no-store" }));
const series = new Series();
const connection = new PageConnection({
  health: (signal) => service.health(signal),
  // Where the server wants a key, this request is the one that shows it; what it answers is the dashboard's first sample.
  admitted: async (signal) => series.add({ at: Date.now(), stats: await service.stats(signal) }),
});
const journal = new Journal();
const write = new Write(service, connection, journal);
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
connection.addEventListener("back", () => void learn());
pages((page) => dashboard.show(page === "dashboard"));
void connection.check();

/** The adapters that the server has. Once: this is a request like others. */
async function learn(): Promise<void> {
  if (learned) return;
  learned = true;
  try {
    write.settings.setAdapters(await adapterNames(base, key.value));
  } catch (error) {
    learned = false;
    connection.failed(error);
  }
}
