import type { Locator, Page } from "playwright-core";

/** More than any page has to reach. */
const MOST_STEPS = 400;

/** Goes on with Tab until the element has the keyboard. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let step = 0; step < MOST_STEPS; step += 1) {
    if (await hasFocus(target)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not reach ${String(target)}.`);
}

export function hasFocus(target: Locator): Promise<boolean> {
  return target.evaluate((element) => element === document.activeElement);
}

/** Goes there, and presses it. */
export async function press(page: Page, target: Locator): Promise<void> {
  await tabTo(page, target);
  await page.keyboard.press("Enter");
}

/** What can be pressed or filled in and is not reached by Tab, and what does not show that it was. */
export async function foundByTab(page: Page): Promise<string[]> {
  await page.evaluate(`document.activeElement.blur(); window.scrollTo(0, 0);`);
  const unseen = new Set<string>();
  for (let step = 0; step < MOST_STEPS; step += 1) {
    await page.keyboard.press("Tab");
    const { isOver, isSeen, name } = await page.evaluate<{ isOver: boolean; isSeen: boolean; name: string }>(ARRIVE);
    if (isOver) break;
    if (!isSeen) unseen.add(name);
  }
  const missed = await page.evaluate<string[]>(MISSED);
  return [...missed.map((name) => `Tab misses ${name}`), ...[...unseen].map((name) => `${name} shows no focus`)];
}

/** A field of several parts takes Tab more than once. A row's link draws its focus around the row. */
const ARRIVE = `(() => {
  const at = document.activeElement;
  const name = at.outerHTML.slice(0, 160);
  const isOver = at === document.body || (at.dataset.reached !== undefined && at !== window.reachedLast);
  at.dataset.reached = "";
  window.reachedLast = at;
  const isSeen = [null, "::after"].some((part) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(at, part);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  });
  return { isOver, isSeen, name };
})()`;

/** Of choices that exclude each other one is reached, and the arrows do the rest. What looks like it can be pressed counts too. */
const MISSED = `(() => {
  const named = "a[href], button, input, select, textarea, summary, [role=button], [role=link], [onclick], [contenteditable]";
  const isThere = (each) => each.checkVisibility({ visibilityProperty: true }) && !each.matches(":disabled");
  const isChoice = (each) => each.type === "radio" && document.querySelector('[name="' + each.name + '"][data-reached]');
  const missed = [...document.querySelectorAll(named)].filter(isThere)
    .filter((each) => each.dataset.reached === undefined && !isChoice(each));
  const pressable = [...document.querySelectorAll("body *")].filter(isThere)
    .filter((each) => getComputedStyle(each).cursor === "pointer" && !each.closest(named + ", label"));
  return [...missed, ...pressable].map((each) => each.outerHTML.slice(0, 160));
})()`;
