import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openChromium } from "../stage/chromium.ts";
import { openDashboardWorld, type DashboardWorld } from "../stage/dashboard-world.ts";
import { openDashboard, type Dashboard } from "../stage/dashboard.ts";
import { signInAt } from "../stage/operator-browser.ts";
import { startScriptedIssuer } from "../stage/scripted-issuer.ts";
import { pagesOf } from "./pages.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

const ROLES = ["viewer", "operator", "admin"] as const;

/** What each role is offered and the one before it is not. */
const PAGES = {
  viewer: "Home, Connections, Clients, Incidents, Webhooks, Audit, Settings",
  operator: "Connect",
  admin: "Encryption keys, API keys",
};
const ACTS = {
  viewer: `Last hour, Last day, Last 30 days, Show its connections, Show more connections, All, On their way, Delivered, Given up,
    Cancelled, Show more deliveries, Show more entries, Copy, Sign this browser out`,
  operator: `Check now, Refresh now, Disconnect, Change the labels, Make a reauthorization link, Revoke all links,
    Read its metadata, Delete, Change the secret, Try it now, Promote it unproven, Give up the new secret,
    I look after it, Ask the users, Cancel the campaign, Add an endpoint, Change, Disable, Send a test, Rotate the secret,
    Send again, Send all again that were given up, Send everything since then`,
  admin: `Make a new version, Make an API key, Valid, Rotate, Revoke, Sign out, Change limits, Add a tenant`,
};

const listed = (text: string): string[] => text.split(/,\s+/).toSorted();

test("each role is offered what it may do, and nothing else", async () => {
  const issuer = await startScriptedIssuer();
  const allowed = ROLES.map((role) => `${role}@example.com=${role}`).join(",");
  const world = await openDashboardWorld({ settings: { operatorSignIn: signInAt(issuer.origin, allowed) } });
  const [pages, acts] = [new Set<string>(), new Set<string>()];
  for (const role of ROLES) {
    const now = Math.floor(world.stage.clock.now() / 1000);
    issuer.claims = { sub: role, email: `${role}@example.com`, email_verified: true, iat: now, exp: now + 300 };
    const dashboard = await openDashboard(world.stage, browser);
    await dashboard.page.getByRole("link", { name: "Sign in" }).click();
    await dashboard.page.getByText(`(${role})`).waitFor();
    expect([role, more(pages, await navigationOf(dashboard.page))]).toEqual([role, listed(PAGES[role])]);
    expect([role, more(acts, await actsOn(dashboard, world))]).toEqual([role, listed(ACTS[role])]);
    expect(dashboard.complaints).toEqual([]);
  }
}, 400_000);

/** Those that were not known before, and are now. */
function more(known: Set<string>, found: ReadonlySet<string>): string[] {
  expect([...known].filter((each) => !found.has(each))).toEqual([]);
  const added = [...found].filter((each) => !known.has(each));
  for (const each of added) known.add(each);
  return added.toSorted();
}

async function navigationOf(page: Page): Promise<Set<string>> {
  return new Set(await page.getByRole("navigation", { name: "Pages" }).getByRole("link").allTextContents());
}

/** What the buttons say, on one page of each kind, and where there is more to do. */
async function actsOn({ page, visit }: Dashboard, world: DashboardWorld): Promise<Set<string>> {
  const acts = new Set<string>();
  const first = Object.values(pagesOf(world)).map(([path = ""]) => path);
  for (const path of [...first, `clients/${world.clients.staged}`]) {
    await visit(path);
    for (const name of await page.locator("main").getByRole("button").allTextContents()) {
      acts.add(name === "" ? "Copy" : name);
    }
    expect(await page.getByRole("alert").allTextContents()).toEqual([]);
  }
  return acts;
}
