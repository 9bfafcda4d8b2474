import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openChromium } from "../stage/chromium.ts";
import { openDashboardWorld } from "../stage/dashboard-world.ts";
import { loaded, openDashboard, signInWithKey, type Dashboard } from "../stage/dashboard.ts";
import { openStage } from "../stage/stage.ts";
import { openDialogs } from "./dialogs.ts";
import { foundByAxe, foundInShape } from "./findings.ts";
import { pagesOf, routesOf } from "./pages.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

/** Both widths and both schemes; what depends on the one does not depend on the other. */
const LOOKS = [
  { width: 390, colorScheme: "dark" },
  { width: 1280, colorScheme: "light" },
] as const;

const WIDE = 2560;

test("axe finds nothing on any page nor in any dialog, and each page fits every window", async () => {
  const world = await openDashboardWorld();
  const dashboard = await openDashboard(world.stage, browser);
  await loaded(dashboard.page);
  const found = await findingsIn(dashboard.page, "the sign-in");
  await signInWithKey(dashboard, world.stage.adminKey);
  const pages = pagesOf(world);
  expect(Object.keys(pages).toSorted()).toEqual((await routesOf(dashboard.page)).toSorted());
  const opened = new Set<string>();
  for (const path of [...Object.values(pages).flat(), "not/there"]) {
    found.push(...(await findingsOn(dashboard, path)), ...(await findingsInDialogs(dashboard, path, opened)));
  }
  expect(found).toEqual([]);
  expect(opened.size).toBeGreaterThan(20);
  expect(dashboard.complaints).toEqual([]);
}, 400_000);

test("nor where there is nothing yet", async () => {
  const stage = await openStage({ isEmpty: true });
  const dashboard = await openDashboard(stage, browser);
  await signInWithKey(dashboard, stage.adminKey);
  const found: string[] = [];
  for (const route of await routesOf(dashboard.page)) {
    if (!route.includes("$")) found.push(...(await findingsOn(dashboard, route.slice(1))));
  }
  expect(found).toEqual([]);
}, 200_000);

async function findingsOn({ page, visit }: Dashboard, path: string): Promise<string[]> {
  await visit(path);
  return findingsIn(page, `/${path}`);
}

async function findingsIn(page: Page, where: string): Promise<string[]> {
  const found: string[] = [];
  for (const look of LOOKS) {
    await take(page, look);
    const seen = [...(await foundInShape(page)), ...(await foundByAxe(page))];
    found.push(...seen.map((what) => `${where} at ${look.width}, ${look.colorScheme}: ${what}`));
  }
  await page.setViewportSize({ width: WIDE, height: 1000 });
  found.push(...(await foundInShape(page)).map((what) => `${where} at ${WIDE}: ${what}`));
  return found;
}

/** Every other one in the other look. */
async function findingsInDialogs({ page }: Dashboard, path: string, opened: Set<string>): Promise<string[]> {
  const found: string[] = [];
  await openDialogs(page, opened, async (name) => {
    await take(page, LOOKS[opened.size % 2 === 0 ? 0 : 1]);
    found.push(...(await foundByAxe(page, "[role=dialog]")).map((what) => `“${name}” on /${path}: ${what}`));
  });
  return found;
}

async function take(page: Page, { width, colorScheme }: (typeof LOOKS)[number]): Promise<void> {
  await page.setViewportSize({ width, height: 860 });
  await page.emulateMedia({ colorScheme });
}
