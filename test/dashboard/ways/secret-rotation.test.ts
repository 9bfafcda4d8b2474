import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openChromium } from "../../stage/chromium.ts";
import { openDashboard, signInWithKey } from "../../stage/dashboard.ts";
import { openStage } from "../../stage/stage.ts";

const NEW = "the-secret-of-the-next-year";

let browser: Browser;

beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

test("changes a client's secret: a wrong one harms nobody, the right one is tried, promoted, and the old one ended", async () => {
  const stage = await openStage();
  const connections = [];
  for (const user of ["alice", "bob", "carol"]) connections.push((await stage.connect(user)).connectionId);
  const dashboard = await openDashboard(stage, browser);
  const { page, shot } = dashboard;
  await signInWithKey(dashboard, stage.adminKey);
  await page.getByRole("link", { name: "Clients" }).click();
  await page.getByRole("link", { name: "evergrant" }).first().click();
  await page.getByRole("button", { name: "Change the secret" }).click();
  await shot("dashboard-secret-1-add");

  await add(page, "of another client");
  await page.getByRole("button", { name: "Try it now" }).click();
  await page.getByText("The provider refused the new secret").waitFor();
  await shot("dashboard-secret-2-refused");
  for (const id of connections) expect((await stage.token(id)).body).toMatchObject({ refresh_state: "ok" });

  await stage.sandbox.control.addClientSecret("evergrant", NEW);
  await add(page, NEW);
  await page.getByText("0 of 3 refreshes have proven it").waitFor();
  await page.getByRole("button", { name: "Try it now" }).click();
  await page.getByText("3 of 3 refreshes have proven it").waitFor();
  await shot("dashboard-secret-3-proven");
  await page.getByRole("button", { name: "Promote it" }).click();
  await page.getByText("The new secret is in use").waitFor();
  await shot("dashboard-secret-4-promoted");

  await stage.sandbox.control.rotateClientSecret("evergrant", NEW);
  await page.getByRole("button", { name: "Erase the old secret now" }).click();
  const asked = page.getByRole("dialog");
  await asked.getByText("Nothing can go back to it").waitFor();
  await asked.getByRole("button", { name: "Erase the old secret now" }).click();
  await page.getByText("One secret is in use").waitFor();
  for (const id of connections) {
    expect((await stage.api("POST", `/v1/connections/${id}/refresh`)).body).toMatchObject({ status: "active" });
  }
  expect(await page.content()).not.toContain(NEW);
  expect(dashboard.complaints).toEqual([]);
});

async function add(page: Page, secret: string): Promise<void> {
  await page.getByLabel("Client secret").fill(secret);
  await page.getByLabel("What happens with it").selectOption({ label: "Try it, and wait until I promote it" });
  await page.getByRole("button", { name: "Add the secret" }).click();
}
