import type { Page } from "playwright-core";

export interface Scrolled {
  /** As Chromium writes it, JSON. */
  trace: Buffer;
  /** Rows that were scrolled past. */
  rows: number;
  /** How long each page of the list took to be answered, in milliseconds, as the browser saw it. */
  answered: number[];
}

/** What Chromium's performance panel shows: tasks, frames, scripts, layout and paint. */
const CATEGORIES = [
  "-*",
  "devtools.timeline",
  "v8.execute",
  "disabled-by-default-devtools.timeline",
  "disabled-by-default-devtools.timeline.frame",
];

/** As they are drawn, in pixels. */
const ROW = 56;

/** Scrolls down as a wheel that never rests, from the top on, while Chromium records itself. */
export async function recordScroll(page: Page, speed: number, seconds: number): Promise<Scrolled> {
  const browser = page.context().browser();
  if (!browser) throw new Error("The page has no browser.");
  const session = await page.context().newCDPSession(page);
  await page.bringToFront();
  await page.evaluate("scrollTo(0, 0)");
  await page.waitForTimeout(3000);
  await browser.startTracing(page, { categories: CATEGORIES });
  await session.send("Input.synthesizeScrollGesture", {
    x: 640,
    y: 500,
    yDistance: -speed * seconds,
    speed,
    gestureSourceType: "mouse",
  });
  const trace = await browser.stopTracing();
  const rows = Math.round(Number(await page.evaluate("scrollY")) / ROW);
  const answered = (await page.evaluate(ANSWERED)) as number[];
  await session.detach();
  return { trace, rows, answered };
}

const ANSWERED = `performance.getEntriesByType("resource")
  .filter(({ name }) => name.includes("/v1/connections?"))
  .map(({ requestStart, responseStart }) => responseStart - requestStart)`;
