// What the page is made of, and how its parts know each other.
import { Connection } from "./api/connection.ts";
import { Key } from "./api/key.ts";
import { Server } from "./api/server.ts";
import { Connect } from "./connect/connect.ts";
import { Dashboard } from "./dashboard/dashboard.ts";
import { part } from "./elements.ts";
import { Journal } from "./journal.ts";
import { KeyDialog } from "./key-dialog.ts";
import { notice } from "./notice.ts";
import { Overview } from "./overview.ts";
import { pages } from "./pages.ts";
import { themeButton } from "./theme.ts";
import { Write } from "./write/write.ts";

let learned = false;
const key = new Key(sessionStorage, localStorage);
const server = new Server(document.baseURI.replace(/[?#].*$/, ""), key);
const connection = new Connection(server);
const journal = new Journal();
const write = new Write(server, connection, journal);
const dashboard = new Dashboard(server, connection, journal);
const connect = new Connect(server.base, key);
const dialog = new KeyDialog(key, () => {
  learned = false;
  connect.draw();
  connection.keyChanged();
  void learn();
});
const overview = new Overview(server, connection);

themeButton(part("theme-button", HTMLButtonElement));
part("key-button", HTMLButtonElement).addEventListener("click", () => dialog.open());
notice(connection, () => dialog.open());
connection.addEventListener("back", () => void learn());
pages((page) => dashboard.show(page === "dashboard"));
overview.watch();
void learn();

/** What the server has; where it wants a key, this is how the page finds out. Once: these are requests like others. */
async function learn(): Promise<void> {
  if (learned || connection.blocked) return;
  learned = true;
  try {
    await dashboard.sample();
    const { data } = await server.models();
    const names = (data ?? []).map(({ id }) => id.split(":")[1]).filter((name) => name !== undefined);
    write.settings.setAdapters(names);
    connection.worked();
  } catch (error) {
    learned = false;
    connection.failed(error);
  }
}
