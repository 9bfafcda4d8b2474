import { createScriptedUser } from "@evergrant/sandbox";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOUR, MINUTE } from "../../../src/runtime/clock.ts";
import { openChromium } from "../../stage/chromium.ts";
import { openDashboard, signInWithKey, type Dashboard } from "../../stage/dashboard.ts";
import { openRaw } from "../../stage/raw-database.ts";
import { openStage, type Stage } from "../../stage/stage.ts";
import { startRevocableProvider } from "./revocable-provider.ts";

const ALL = 500;
const BACK = 30;

let browser: Browser;

beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

test(
  "tells of five hundred revoked connections as one incident, and asks their users from there",
  { timeout: 400_000 },
  async () => {
    const provider = await startRevocableProvider();
    const stage = await openStage({ provider: () => provider.entry });
    const everybody = await importAll(stage);
    const dashboard = await openDashboard(stage, browser);
    const { page, shot } = dashboard;
    for (let hours = 0; hours < 3; hours++) await refreshAll(stage, dashboard);
    await signInWithKey(dashboard, stage.adminKey);
    await page.getByText("All 500 connections work").waitFor();
    await shot("dashboard-incident-1-before");

    provider.revokeAll();
    await dashboard.leap(HOUR);
    await dashboard.until(() => counted(stage, "select count(*) from incident_members") === ALL);
    await comeBack(dashboard, stage);
    await page.getByRole("link", { name: "Many connections were rejected at once" }).waitFor();
    await shot("dashboard-incident-2-home");
    await page.getByRole("link", { name: "Many connections were rejected at once" }).first().click();
    await page.getByText("500 connections are affected").waitFor();
    await page.getByText("Not decided yet whether the provider means it").waitFor();
    await shot("dashboard-incident-3-undecided");

    await dashboard.leap(54 * MINUTE);
    await dashboard.leap(6 * MINUTE);
    await dashboard.until(() => withStatus(stage, "reauthorization_required") === ALL);
    await comeBack(dashboard, stage);
    await page.getByText("The provider means it").waitFor();
    await page.getByRole("button", { name: "I look after it" }).click();
    await page.getByRole("button", { name: "Ask the users" }).click();
    await page.getByText("500 users will be asked").waitFor();
    await shot("dashboard-incident-4-campaign");
    await page.getByRole("button", { name: "Ask 500 users" }).click();

    for (const { id, user } of everybody.slice(0, BACK)) {
      provider.signsIn(user);
      const link = (await stage.api("POST", `/v1/connections/${id}/reauthorization-link`)).at("url");
      expect((await createScriptedUser({ user }).visit(link)).body).toContain("The account is connected");
    }
    const RECOVERED = "select count(*) from incident_members where recovered_at is not null";
    await dashboard.until(() => counted(stage, RECOVERED) === BACK);
    await page.getByText(`${BACK} of 500 connections are well again`, { exact: true }).waitFor();
    await page.getByText(`${BACK} of 500 connections are well again or disconnected`).waitFor();
    await shot("dashboard-incident-5-coming-back", { whole: true });
    expect(dashboard.complaints).toEqual([]);
  },
);

async function importAll(stage: Stage): Promise<{ id: string; user: string }[]> {
  const users = Array.from({ length: ALL }, (_none, index) => `user${index + 1}@acme.example`);
  const all: { id: string; user: string }[] = [];
  for (const user of users) {
    const made = await stage.api("POST", "/v1/connections/import", {
      client: stage.clientId,
      token_set: { refresh_token: `rt-of-${user}`, access_token: `at-of-${user}`, expires_in: 3600 },
      account: { id: user, label: user },
    });
    all.push({ id: made.at("id"), user });
  }
  return all;
}

/** An hour later each has been refreshed once more. */
async function refreshAll(stage: Stage, { leap, until }: Dashboard): Promise<void> {
  const generation = counted(stage, "select min(generation) from token_sets");
  await leap(HOUR);
  await until(() => counted(stage, "select min(generation) from token_sets") > generation);
}

/** After so long a time a session may have ended, so the operator signs in anew. */
async function comeBack(dashboard: Dashboard, { adminKey }: Stage): Promise<void> {
  await dashboard.page.context().clearCookies();
  await dashboard.page.reload();
  await signInWithKey(dashboard, adminKey);
}

const withStatus = (stage: Stage, status: string) =>
  counted(stage, `select count(*) from connections where status = '${status}'`);

function counted({ settings }: Stage, text: string): number {
  const database = openRaw(`${settings.dataDir}/evergrant.db`, { readonly: true });
  const count = Number(database.value(text));
  database.close();
  return count;
}
