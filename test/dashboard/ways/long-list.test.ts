import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { openChromium } from "../../stage/chromium.ts";
import { loaded, openDashboard, signInWithKey } from "../../stage/dashboard.ts";
import { openStage } from "../../stage/stage.ts";

const listSchema = z.object({ connections: z.array(z.looseObject({})) });

let browser: Browser;

beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

/** The list of a stage that says of its one connection that there are a hundred thousand like it. */
async function openLongList() {
  const stage = await openStage();
  await stage.connect("alice");
  const dashboard = await openDashboard(stage, browser);
  const { page } = dashboard;
  const { body } = await stage.api("GET", "/v1/connections");
  const { connections } = listSchema.parse(body);
  let asked = 0;
  await page.route(/\/v1\/connections\?/, async (route) => {
    asked++;
    const after = Number(new URL(route.request().url()).searchParams.get("after"));
    const rows = Array.from({ length: 200 }, (_, index) => ({ ...connections[0], id: `con_${after + index}` }));
    await route.fulfill({ json: { connections: rows, next_after: String(after + 200) } });
  });
  await signInWithKey(dashboard, stage.adminKey);
  await dashboard.visit("connections");
  // What the page is told when its stream opens is looked at after two seconds.
  await page.waitForTimeout(3000);
  return { stage, page, dashboard, asked: () => asked };
}

async function scrollToTheEnd(page: Page, loadedThen: string): Promise<void> {
  await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)");
  await page.getByText(`The first ${loadedThen} connections`).waitFor();
}

test("the end of what is loaded loads one page more, and not all there is", async () => {
  const { page, dashboard, asked } = await openLongList();
  const before = asked();
  await scrollToTheEnd(page, "400");
  await page.waitForTimeout(1000);
  expect(asked() - before).toBe(1);
  expect(await page.getByRole("button", { name: "Sign out" }).isVisible()).toBe(true);
  expect(dashboard.complaints).toEqual([]);
});

test("a change loads a short list again, and of a long one it says that it is of before until that is loaded again", async () => {
  const { stage, page, asked } = await openLongList();
  const outdated = page.getByText("Something changed since this list was loaded.");
  const short = asked();
  await stage.connect("bob");
  await expect.poll(asked, { timeout: 10_000 }).toBe(short + 1);
  expect(await outdated.isVisible()).toBe(false);
  for (const next of ["400", "600", "800"]) await scrollToTheEnd(page, next);
  const long = asked();
  await stage.connect("carol");
  await outdated.waitFor();
  expect(asked()).toBe(long);
  await scrollToTheEnd(page, "1,000");
  expect(await outdated.isVisible()).toBe(true);
  await page.getByRole("button", { name: "Load it again" }).click();
  await loaded(page);
  await outdated.waitFor({ state: "detached" });
  expect(asked()).toBe(long + 2);
});
