import type { Connection } from "./api/connection.ts";
import { make, part } from "./elements.ts";

/** What is wrong, said once, and taken away when it is over. */
export function notice(connection: Connection, enterKey: () => void): void {
  const place = part("notice", HTMLDivElement);
  connection.addEventListener("change", () => {
    const { trouble } = connection;
    if (!trouble) {
      place.replaceChildren();
      return;
    }
    const content: Node[] = [make("strong", {}, trouble.message)];
    if (trouble.hint) content.push(make("span", {}, trouble.hint));
    if (trouble.kind === "key") {
      const button = make("button", { type: "button" }, "Enter a key");
      button.addEventListener("click", enterKey);
      content.push(button);
    }
    place.replaceChildren(...content);
  });
}
