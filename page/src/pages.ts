import { part } from "./elements.ts";

const NAMES = ["write", "dashboard", "connect"] as const;
export type PageName = (typeof NAMES)[number];

/** Shows the page that the address names after its #, and reports which. */
export function pages(shown: (page: PageName) => void): void {
  const main = part("main", HTMLElement);
  const links = [...document.querySelectorAll<HTMLAnchorElement>("nav a")];
  const show = (page: PageName) => {
    for (const name of NAMES) part(`page-${name}`, HTMLElement).hidden = name !== page;
    for (const link of links) {
      if (link.hash === `#${page}`) link.ariaCurrent = "page";
      else link.removeAttribute("aria-current");
    }
    document.title = `${part(`${page}-title`, HTMLHeadingElement).textContent} · SFM-2`;
    shown(page);
  };
  addEventListener("hashchange", () => {
    const wanted = named();
    if (wanted) show(wanted);
    if (wanted) scrollTo(0, 0);
  });
  document.querySelector(".skip")?.addEventListener("click", (event) => {
    event.preventDefault(); // it is not a page
    main.focus();
  });
  show(named() ?? "write");
}

function named(): PageName | undefined {
  return NAMES.find((name) => `#${name}` === location.hash);
}
