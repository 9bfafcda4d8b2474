import type { Page } from "playwright-core";

/** The list as a page without script: the dashboard's own styles and rows, all of them in the page. */
export function staticList(page: Page, rows: number): Promise<string> {
  return page.evaluate(`(${build})(${rows})`);
}

const build = `(count) => {
  const styles = [...document.styleSheets].flatMap(({ cssRules }) => [...cssRules].map(({ cssText }) => cssText));
  const whole = document.documentElement.cloneNode(true);
  for (const each of whole.querySelectorAll("script, link, meta[http-equiv], style, base")) each.remove();
  const body = whole.querySelector("main tbody");
  const drawn = [...body.children];
  body.style.blockSize = count * 56 + "px";
  body.replaceChildren(...Array.from({ length: count }, (_, index) => {
    const row = drawn[index % drawn.length].cloneNode(true);
    row.style.insetBlockStart = index * 56 + "px";
    return row;
  }));
  const style = document.createElement("style");
  style.textContent = styles.join("\\n");
  whole.querySelector("head").append(style);
  return "<!doctype html>" + whole.outerHTML;
}`;
