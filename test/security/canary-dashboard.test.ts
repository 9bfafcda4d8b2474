import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDialogs } from "../dashboard/dialogs.ts";
import { pagesOf } from "../dashboard/pages.ts";
import { openChromium } from "../stage/chromium.ts";
import { openDashboardWorld, type DashboardWorld } from "../stage/dashboard-world.ts";
import { openDashboard, signInWithKey, type Dashboard } from "../stage/dashboard.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { startWebhookReceiver } from "../stage/webhook-receiver.ts";
import { watchBrowser, type BrowserWatch, type Carriers } from "./canary-browser.ts";
import { addKeys } from "./canary-keys.ts";
import type { Search } from "./canary-search.ts";
import { findSecrets } from "./encodings.ts";
import { issuedBy } from "./sandbox-tokens.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

const TYPED_SECRET = "typed-client-secret/+=&% 3";
const ADDED_SECRET = "added-client-secret/+=&% 4";

/** The only requests that a secret is for: what a person types goes out once, and what is made comes in once. */
const CARRIERS: Carriers = [
  { asked: /^POST .*\/v1\/operator-sessions$/, sent: ["admin key"] },
  { asked: /^POST .*\/v1\/clients$/, sent: ["typed secret"] },
  { asked: /^POST .*\/v1\/clients\/\w+\/secrets$/, sent: ["added secret"] },
  { asked: /^POST .*\/v1\/api-keys$/, answered: ["made key"] },
  { asked: /^POST .*\/v1\/webhook-endpoints$/, answered: ["made webhook secret"] },
];

test("no secret shows in the dashboard, but what is typed or made there, once", async () => {
  const sandboxFile = `${temporaryFolder()}/sandbox.db`;
  const world = await openDashboardWorld({ sandboxFile });
  const opened = await openDashboard(world.stage, browser);
  const search: Pick<Search, "stage" | "secrets" | "places"> = {
    stage: world.stage,
    secrets: world.secrets,
    places: [],
  };
  const watch = await watchBrowser(search, opened.page, CARRIERS);
  const dashboard = { ...opened, visit: (path: string) => watch.settle().then(() => opened.visit(path)) };
  await dashboard.visit("");
  await signInWithKey(dashboard, world.stage.adminKey);
  await typeSecrets(dashboard, watch, world);
  await makeSecrets(dashboard, watch, world);
  await lookAtEverything(dashboard, watch, world);
  await listen(search, dashboard, world);
  await addKeys(search);
  for (const [name, token] of issuedBy(sandboxFile)) world.secrets.set(name, token);
  world.secrets.set("cookie", await cookieOf(dashboard.page));

  expect(straysIn(search)).toEqual({ strays: [], missed: [] });
  expect([...watch.origins]).toEqual([world.stage.settings.publicUrl]);
  expect(watch.lost).toEqual([]);
  expect(dashboard.complaints).toEqual([]);

  // What is planted is found, so the search can find it.
  search.places = [];
  await plant(dashboard.page, world);
  await watch.keep("with canaries");
  expect(straysIn(search).strays.map((stray) => stray.replace(/ #\d+$/, ""))).toEqual([
    "refresh token in the page with canaries",
    "client secret in what with canaries stores",
  ]);
}, 400_000);

async function typeSecrets({ page, visit }: Dashboard, watch: BrowserWatch, world: DashboardWorld): Promise<void> {
  world.secrets.set("typed secret", TYPED_SECRET).set("added secret", ADDED_SECRET);
  await visit("connect?provider=sandbox");
  await page.getByLabel("Client ID").fill("typed");
  await page.getByLabel("Client secret").fill(TYPED_SECRET);
  await watch.keep("with a typed secret", ["typed secret"]);
  await page.getByRole("button", { name: "Save the client" }).click();
  await page.getByRole("button", { name: "It is registered" }).waitFor();
  await watch.keep("after a typed secret");
  await visit(`clients/${world.clients.settled}`);
  await page.getByRole("button", { name: "Change the secret" }).click();
  await page.getByLabel("Client secret").fill(ADDED_SECRET);
  await page.getByRole("button", { name: "Add the secret" }).click();
  await page.getByRole("button", { name: "Give up the new secret" }).waitFor();
  await watch.keep("after an added secret");
}

async function makeSecrets(
  { page, visit }: Dashboard,
  watch: BrowserWatch,
  { secrets }: DashboardWorld,
): Promise<void> {
  const shown = page.getByRole("dialog").locator("code").first();
  await visit("api-keys");
  await page.getByRole("button", { name: "Make an API key" }).click();
  await page.getByLabel("Name").fill("made here");
  await page.getByRole("button", { name: "Make the key" }).click();
  secrets.set("made key", (await shown.textContent()) ?? "");
  await watch.keep("with a made key", ["made key"]);
  await page.keyboard.press("Escape");
  await shown.waitFor({ state: "detached" });
  await watch.keep("after a made key");
  await visit("webhooks");
  await page.getByRole("button", { name: "Add an endpoint" }).click();
  await page.getByLabel("Address").fill((await startWebhookReceiver()).url);
  await page.getByRole("button", { name: "Add the endpoint" }).click();
  secrets.set("made webhook secret", ((await shown.textContent()) ?? "").slice("whsec_".length));
  await watch.keep("with a made webhook secret", ["made webhook secret"]);
  await page.getByRole("link", { name: "Go to the endpoint" }).click();
  await page.getByRole("heading", { name: "Signing secrets" }).waitFor();
  await watch.keep("after a made webhook secret");
}

async function lookAtEverything({ page, visit }: Dashboard, watch: BrowserWatch, world: DashboardWorld): Promise<void> {
  const opened = new Set<string>();
  for (const path of Object.values(pagesOf(world)).flat()) {
    await visit(path);
    for (const summary of await page.locator("summary").all()) await summary.click();
    await watch.keep(`/${path}`);
    await openDialogs(page, opened, (name) => watch.keep(`“${name}” on /${path}`));
  }
  expect(opened.size).toBeGreaterThan(20);
}

/** Until the page was told of a change. */
async function listen(
  { places }: Pick<Search, "places">,
  { visit }: Dashboard,
  { stage, connections }: DashboardWorld,
): Promise<void> {
  await visit("");
  await stage.api("DELETE", `/v1/connections/${connections.active}`);
  const isTold = (): boolean => places.some(({ name }) => name.startsWith("the live stream"));
  await expect.poll(isTold, { timeout: 15_000 }).toBe(true);
}

async function cookieOf(page: Page): Promise<string> {
  const cookies = await page.context().cookies();
  expect(cookies).toMatchObject([{ httpOnly: true, sameSite: "Strict" }]);
  return cookies[0]?.value ?? "";
}

async function plant(page: Page, { secrets }: DashboardWorld): Promise<void> {
  const [token = ""] = [...secrets].flatMap(([name, secret]) => (name.startsWith("refresh token") ? [secret] : []));
  const encoded = Buffer.from(`it is ${token}.`).toString("base64");
  await page.evaluate(`document.body.setAttribute("data-canary", "${encoded}")`);
  await page.evaluate(
    `sessionStorage.setItem("canary", "${encodeURIComponent(secrets.get("client secret staged") ?? "")}")`,
  );
}

const kindOf = (name: string): string => name.replace(/^(refresh token|access token|client secret) .*$/, "$1");

/** Where a secret is that does not belong there, and where none is that belongs. */
function straysIn({ places, secrets }: Pick<Search, "places" | "secrets">): { strays: string[]; missed: string[] } {
  // Most hold none, and are looked through at once.
  const bare = places.filter(({ belongs }) => belongs.length === 0);
  const isClean = findSecrets(bare.map(({ text }) => text).join("\n"), secrets).length === 0;
  const found = (isClean ? places.filter(({ belongs }) => belongs.length > 0) : places).map((place) => {
    const hits = findSecrets(place.text, secrets).map((hit) => kindOf(hit.replace(/ \([^)]*\)$/, "")));
    return { ...place, kinds: new Set(hits) };
  });
  return {
    strays: found.flatMap(({ name, kinds, belongs }) =>
      [...kinds].filter((kind) => !belongs.includes(kind)).map((kind) => `${kind} in ${name}`),
    ),
    missed: found.flatMap(({ name, kinds, belongs }) =>
      belongs.filter((kind) => !kinds.has(kind)).map((kind) => `${kind} in ${name}`),
    ),
  };
}
