import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openChromium } from "../stage/chromium.ts";
import { loaded, openDashboard, signInWithKey } from "../stage/dashboard.ts";
import { openStage } from "../stage/stage.ts";

/** Compressed, in bytes. */
const MOST = 200_000;

let browser: Browser;

beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

test("home is there with less than 200 kB of compressed script", async () => {
  const stage = await openStage();
  await stage.connect();
  const dashboard = await openDashboard(stage, browser);
  await signInWithKey(dashboard, stage.adminKey);
  await dashboard.page.reload();
  await loaded(dashboard.page);
  const sizes = await dashboard.page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      .filter((entry) => entry instanceof PerformanceResourceTiming)
      .filter(({ name }) => name.endsWith(".js"))
      .map(({ encodedBodySize }) => encodedBodySize),
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  expect(sizes.length).toBeGreaterThan(3);
  expect(total).toBeGreaterThan(50_000);
  expect(total).toBeLessThan(MOST);
});
