import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openChromium } from "../stage/chromium.ts";
import { openDashboardWorld } from "../stage/dashboard-world.ts";
import { openDashboard, signInWithKey } from "../stage/dashboard.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { openDialogs } from "./dialogs.ts";
import { pagesOf } from "./pages.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

const signIn = (page: Page) => page.getByRole("button", { name: "Sign in with the key" });

async function openSignedIn(stage: Stage) {
  const dashboard = await openDashboard(stage, browser);
  await signInWithKey(dashboard, stage.adminKey);
  return dashboard;
}

test("signing out ends the session, and the page forgets what it showed", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  const dashboard = await openSignedIn(stage);
  const { page, visit } = dashboard;
  await visit(`connections/${connectionId}`);
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await signIn(page).waitFor();
  expect(await page.context().cookies()).toEqual([]);
  expect((await stage.api("GET", "/v1/operator-sessions")).body).toMatchObject({ operator_sessions: [] });

  // Whoever comes next sees nothing that the service did not answer to them.
  await page.route("**/v1/connections/**", () => undefined);
  await signInWithKey(dashboard, stage.adminKey);
  await page.getByText("Loading the connection").waitFor();
  expect(await page.innerText("main")).not.toContain("alice");
});

test("a session that is ended elsewhere leads to the sign-in, and that back to the page", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  const dashboard = await openSignedIn(stage);
  const { page, visit } = dashboard;
  await visit(`connections/${connectionId}`);
  await endSessions(stage);
  await page.getByRole("button", { name: "Refresh now" }).click();
  await signIn(page).waitFor();
  await signInWithKey(dashboard, stage.adminKey);
  await page.getByRole("heading", { level: 1, name: "alice" }).waitFor();
  await endSessions(stage);
  await page.getByRole("link", { name: "Audit" }).click();
  await signIn(page).waitFor();
  await page.reload();
  await signIn(page).waitFor();
  expect(dashboard.complaints).toEqual([]);
});

async function endSessions({ api }: Stage): Promise<void> {
  const { text } = await api("GET", "/v1/operator-sessions");
  for (const [id] of text.matchAll(/ops_\w+/g)) await api("DELETE", `/v1/operator-sessions/${id}`);
}

test("what is refused is said in a sentence, and nothing is lost", async () => {
  const stage = await openStage();
  await stage.connect("alice");
  const { page, visit } = await openSignedIn(stage);
  await visit(`clients/${stage.clientId}`);
  await page.getByRole("button", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete the client evergrant?" });
  await dialog.getByRole("button", { name: "Delete" }).click();
  const refusal = await dialog.getByRole("alert").locator("p").first().textContent();
  expect(refusal).toMatch(/^[A-Z].+\.$/);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("heading", { level: 1, name: "Sandbox, evergrant" }).waitFor();
});

test("whatever cannot be taken back says what it will do, and does nothing before it is confirmed", async () => {
  const world = await openDashboardWorld();
  const { page, visit } = await openSignedIn(world.stage);
  const changes: string[] = [];
  page.on("request", (request) => {
    if (request.method() !== "GET") changes.push(`${request.method()} ${request.url()}`);
  });
  const [opened, asked] = [new Set<string>(), new Map<string, string>()];
  for (const path of Object.values(pagesOf(world)).flat()) {
    await visit(path);
    await openDialogs(page, opened, async (name) => {
      const dialog = page.getByRole("dialog");
      if ((await dialog.getByRole("button", { name: "Cancel" }).count()) === 0) return;
      expect(await dialog.getByRole("button", { name, exact: true }).count()).toBe(1);
      asked.set(name, await dialog.evaluate(DESCRIBED));
    });
  }
  expect([...asked].filter(([, consequence]) => !/^.{30,}\.$/.test(consequence))).toEqual([]);
  expect([...asked.keys()]).toEqual(expect.arrayContaining(["Disconnect", "Revoke", "Delete", "Cancel the campaign"]));
  expect(changes).toEqual([]);
}, 300_000);

/** What a screen reader says when it opens. */
const DESCRIBED = (dialog: Element): string =>
  document.querySelector(`#${CSS.escape(dialog.getAttribute("aria-describedby") ?? "")}`)?.textContent ?? "";
