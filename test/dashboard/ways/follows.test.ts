import { createScriptedUser } from "@evergrant/sandbox";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOUR } from "../../../src/runtime/clock.ts";
import { openChromium } from "../../stage/chromium.ts";
import { openDashboard, signInWithKey } from "../../stage/dashboard.ts";
import { openStage } from "../../stage/stage.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

test("an open page follows a connection that ends, and is well again before anybody was told", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  await stage.clock.leap(HOUR);
  const dashboard = await openDashboard(stage, browser);
  const { page } = dashboard;
  await signInWithKey(dashboard, stage.adminKey);
  await dashboard.visit(`connections/${connectionId}`);
  await page.getByText("This connection works.").waitFor();
  await stage.sandbox.control.revokeUser("alice");
  await stage.api("POST", `/v1/connections/${connectionId}/refresh`);
  await page.getByText("This connection gives no access until somebody signs in again.").waitFor();

  const link = await stage.api("POST", `/v1/connections/${connectionId}/reauthorization-link`);
  const back = await createScriptedUser({ user: "alice" }).visit(link.at("url"));
  expect(back.body).toContain("The account is connected");
  await page.getByText("This connection works.").waitFor();
  expect(dashboard.complaints).toEqual([]);
});
