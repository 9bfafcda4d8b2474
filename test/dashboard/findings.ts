import axe, { type AxeResults } from "axe-core";
import type { Page } from "playwright-core";

/** What axe finds, by rule, with the elements; in all of the page, or in what a selector names. */
export async function foundByAxe(page: Page, within = "html"): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>(
    `axe.run("${within}", { resultTypes: ["violations"], preload: false })`,
  );
  return violations.map(({ id, impact, nodes }) => {
    const elements = nodes.slice(0, 3).map(({ html, any }) => `${html.slice(0, 200)} ${any[0]?.message ?? ""}`);
    return `${id} (${impact}): ${elements.join(" ")}`;
  });
}

/** Where a page does not have the shape of one, when it has had a moment to fit its window. */
export async function foundInShape(page: Page): Promise<string[]> {
  for (let looks = 0; ; looks++) {
    const found = await amiss(page);
    if (found.length === 0 || looks === 30) return found;
    await page.waitForTimeout(100);
  }
}

/** A landmark, a heading, a name, and nothing wider than the window. */
async function amiss(page: Page): Promise<string[]> {
  const shape = await page.evaluate<Record<string, number>>(`({
    "main landmarks": document.querySelectorAll("main").length,
    "headings of the first level": document.querySelectorAll("h1").length,
    "names of the tab": Number(/^.+ · Evergrant$/.test(document.title)),
  })`);
  const sideways = await page.evaluate<number>(
    `(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.documentElement)`,
  );
  const covered = await page.evaluate<string[]>(OUTSIDE);
  const odd = Object.entries(shape).filter(([, count]) => count !== 1);
  return [
    ...odd.map(([what, count]) => `${count} ${what}`),
    ...(sideways > 0 ? [`${sideways} pixels sideways`] : []),
    ...covered.map((what) => `${what} does not fit in`),
  ];
}

const OUTSIDE = `[...document.querySelectorAll("main > div, main section")].flatMap((section) => {
  const { right } = section.getBoundingClientRect();
  const outside = [...section.querySelectorAll("a, button, input, select, table, code, p, dl")];
  return outside.filter((each) => each.getBoundingClientRect().right > right + 1).map((each) => each.outerHTML.slice(0, 120));
})`;
