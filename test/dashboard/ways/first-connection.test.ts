import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openChromium } from "../../stage/chromium.ts";
import { openDashboard, signInWithKey } from "../../stage/dashboard.ts";
import { openStage } from "../../stage/stage.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

test("leads from an empty database to a connection that is proven", async () => {
  const stage = await openStage({ isEmpty: true });
  const dashboard = await openDashboard(stage, browser);
  const { page, shot } = dashboard;
  await signInWithKey(dashboard, stage.adminKey);
  await page.getByRole("heading", { name: "Connect a first account" }).waitFor();
  await shot("dashboard-first-1-empty");

  await page.getByRole("link", { name: "Begin" }).click();
  await page.getByLabel("Search the providers").fill("google");
  await shot("dashboard-first-2-providers");
  await page.getByLabel("Name").fill("Sandbox");
  await page.getByLabel("Issuer").fill(stage.sandbox.url);
  await page.getByRole("button", { name: "Read its metadata" }).click();

  await page.getByRole("heading", { name: "Set up a client at Sandbox" }).waitFor();
  await page.getByLabel("Client ID").fill("evergrant");
  await page.getByLabel("Client secret").fill("of-the-first-way");
  await page.getByLabel("Scopes").fill("files.read");
  await page.getByRole("button", { name: "Save the client" }).click();

  const redirectUri = page.getByText("/oauth/callback/cli_").first();
  await redirectUri.waitFor();
  await shot("dashboard-first-3-redirect-uri");
  await stage.sandbox.control.putClient({
    clientId: "evergrant",
    clientSecret: "of-the-first-way",
    redirectUris: [(await redirectUri.textContent()) ?? ""],
  });
  await page.getByRole("button", { name: "It is registered" }).click();
  await page.getByLabel("Your name for the user").fill("user-1");
  await page.getByRole("button", { name: "Make the link" }).click();
  const tab = page.context().waitForEvent("page");
  await page.getByRole("link", { name: "Sign in at Sandbox" }).click();
  await consent(await tab, "alice");

  await page.getByText("Its first refresh worked.").waitFor();
  await shot("dashboard-first-4-proven");
  await page.getByRole("link", { name: "alice@sandbox.example" }).click();
  await page.getByText("Active").first().waitFor();
  await shot("dashboard-first-5-connection", { whole: true });
  expect(dashboard.complaints).toEqual([]);
});

async function consent(page: Page, user: string): Promise<void> {
  await page.getByRole("button", { name: `Continue as ${user}` }).click();
  await page.getByRole("button", { name: "Allow" }).click();
  await page.getByText("The account is connected").waitFor();
  await page.close();
}
