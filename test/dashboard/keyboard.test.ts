import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openChromium } from "../stage/chromium.ts";
import { openDashboardWorld } from "../stage/dashboard-world.ts";
import { openDashboard, signInWithKey } from "../stage/dashboard.ts";
import { openStage } from "../stage/stage.ts";
import { foundByTab, hasFocus, press, tabTo } from "./by-keyboard.ts";
import { foundByAxe } from "./findings.ts";
import { pagesOf } from "./pages.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const link = (page: Page, name: string) => page.getByRole("link", { name, exact: true });
const heading = (page: Page, name: string) => page.getByRole("heading", { level: 1, name }).waitFor();

test("Tab reaches everything on every page, and shows where it is", async () => {
  const world = await openDashboardWorld();
  const dashboard = await openDashboard(world.stage, browser);
  await button(dashboard.page, "Sign in with the key").waitFor();
  const found = await foundByTab(dashboard.page);
  await signInWithKey(dashboard, world.stage.adminKey);
  for (const path of Object.values(pagesOf(world)).flat()) {
    await dashboard.visit(path);
    found.push(...(await foundByTab(dashboard.page)).map((what) => `/${path}: ${what}`));
  }
  expect(found).toEqual([]);
}, 400_000);

test("a list of many is gone through row by row, and searched", async () => {
  const { stage } = await openDashboardWorld();
  const { page, visit } = await signedInByKeyboard(stage);
  await visit("");
  await press(page, link(page, "Connections"));
  await heading(page, "Connections");
  await tabTo(page, page.locator("tbody a").first());
  for (let row = 0; row < 70; row += 1) await page.keyboard.press("Tab");
  const at = await page.evaluate<string>(`document.activeElement.closest("tr").ariaRowIndex`);
  expect(Number(at)).toBe(72);
  await page.evaluate(`document.activeElement.blur(); scrollTo(0, 0)`);
  await tabTo(page, page.getByLabel("Search"));
  await page.keyboard.type("alice");
  await page.getByText("One connection").waitFor();
  await press(page, link(page, "alice@sandbox.example"));
  await heading(page, "alice@sandbox.example");
  expect(await hasFocus(page.locator("#content"))).toBe(true);
}, 300_000);

test("a connection is refreshed, its user is asked, it is labelled and ended, without a mouse", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  const { page, visit } = await signedInByKeyboard(stage);
  await visit(`connections/${connectionId}`);

  await page.keyboard.press("Tab");
  await press(page, link(page, "Skip to the content"));
  expect([await hasFocus(page.locator("#content")), new URL(page.url()).pathname]).toEqual([
    true,
    `/dashboard/connections/${connectionId}`,
  ]);

  await press(page, button(page, "Refresh now"));
  await page.getByText("The provider gave a new access token.").waitFor();
  expect(await hasFocus(button(page, "Refresh now"))).toBe(true);

  await press(page, button(page, "Make a reauthorization link"));
  await page.getByText("Send it to its user.").waitFor();
  await tabTo(page, button(page, "Copy the reauthorization link"));

  await press(page, button(page, "Change the labels"));
  expect(await isInDialog(page)).toBe(true);
  await tabTo(page, page.getByLabel("Labels", { exact: true }).and(page.locator("textarea")));
  await page.keyboard.type("plan:team");
  await press(page, button(page, "Save the labels"));
  await link(page, "plan:team").waitFor();
  expect(await hasFocus(button(page, "Change the labels"))).toBe(true);

  await page.evaluate(`document.activeElement.blur()`);
  await press(page, button(page, "Disconnect"));
  const dialog = page.getByRole("dialog", { name: "Disconnect alice@sandbox.example?" });
  await dialog.waitFor();
  for (let step = 0; step < 7; step += 1) {
    expect(await isInDialog(page)).toBe(true);
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  expect(await hasFocus(button(page, "Disconnect"))).toBe(true);

  await page.keyboard.press("Enter");
  await press(page, dialog.getByRole("button", { name: "Disconnect" }));
  await page.getByText("This connection was ended").waitFor();
}, 300_000);

test("where there is little room, the pages stand behind a button, and the colours are changed", async () => {
  const stage = await openStage({ isEmpty: true });
  const { page } = await signedInByKeyboard(stage, 390);
  const menu = button(page, "Menu");
  expect(await link(page, "Settings").isVisible()).toBe(false);
  await press(page, menu);
  await tabTo(page, link(page, "Settings"));
  expect(await foundByAxe(page)).toEqual([]);
  await page.keyboard.press("Escape");
  expect([await link(page, "Settings").isVisible(), await hasFocus(menu)]).toEqual([false, true]);
  await page.keyboard.press("Enter");
  await press(page, link(page, "Settings"));
  await heading(page, "Settings");
  expect(await link(page, "Clients").isVisible()).toBe(false);
  await tabTo(page, page.getByLabel("Colours"));
  await page.keyboard.type("dark");
  expect(await page.evaluate(`getComputedStyle(document.documentElement).colorScheme`)).toBe("dark");
}, 120_000);

async function signedInByKeyboard(stage: Parameters<typeof openDashboard>[0], width = 1280) {
  const dashboard = await openDashboard(stage, browser, { width });
  const { page } = dashboard;
  await tabTo(page, page.getByLabel("API key"));
  await page.keyboard.type(stage.adminKey);
  await page.keyboard.press("Enter");
  await page.locator("#content").waitFor();
  return dashboard;
}

function isInDialog(page: Page): Promise<boolean> {
  return page.evaluate(`document.activeElement.closest("[role=dialog]") !== null`);
}
