import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MINUTE } from "../../../src/runtime/clock.ts";
import { openChromium } from "../../stage/chromium.ts";
import { openDashboard, signInWithKey } from "../../stage/dashboard.ts";
import { openStage, type Stage } from "../../stage/stage.ts";

const CONNECTIONS = 60;
/** Slow enough to be watched, in values a second. */
const RATE = 20;

let browser: Browser;

beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

test("makes a new version of a key, shows how far everything is sealed with it, and retires the old one", async () => {
  const stage = await openStage({ settings: { rekeyRate: RATE } });
  const ids = await importMany(stage);
  const dashboard = await openDashboard(stage, browser);
  const { page, shot } = dashboard;
  await signInWithKey(dashboard, stage.adminKey);
  await page.getByRole("link", { name: "Encryption keys" }).click();
  await page.getByRole("button", { name: "Make a new version" }).click();
  await page.getByText("is sealed anew in the background").waitFor();
  await shot("dashboard-rekey-1-asked");
  await page.getByRole("dialog").getByRole("button", { name: "Make a new version" }).click();

  await page.getByText(/^[1-9]\d* of \d+ values are sealed with version 2\..* left\.$/).waitFor();
  await shot("dashboard-rekey-2-under-way");
  for (const id of ids.slice(0, 5)) expect((await stage.token(id)).body).toMatchObject({ refresh_state: "ok" });
  await page.getByText("Everything is sealed with version 2").waitFor();
  await page.getByText(/It can be retired in \d/).waitFor();
  await dashboard.leap(3 * MINUTE);
  await dashboard.visit("keys");
  await page.getByRole("button", { name: "Retire version 1" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Retire version 1" }).click();
  await page.getByText("Retired; deleted in 8 days").waitFor();
  await shot("dashboard-rekey-3-retired");
  for (const id of ids) expect((await stage.token(id)).body).toMatchObject({ refresh_state: "ok" });
  expect(dashboard.complaints).toEqual([]);
});

async function importMany(stage: Stage): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < CONNECTIONS; index++) {
    const made = await stage.api("POST", "/v1/connections/import", {
      client: stage.clientId,
      token_set: { refresh_token: `rt-${index}`, access_token: `at-${index}`, expires_in: 86_400 },
      account: { id: `user${index}` },
    });
    ids.push(made.at("id"));
  }
  return ids;
}
