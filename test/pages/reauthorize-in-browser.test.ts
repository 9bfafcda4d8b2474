import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openChromium } from "../stage/chromium.ts";
import { openStage, type Stage } from "../stage/stage.ts";

let browser: Browser;

beforeAll(async () => {
  browser = await openChromium();
});
afterAll(() => browser.close());

/** A new browser, and what it complained about: a policy that was violated, for one. */
async function openPage() {
  const context = await browser.newContext({ javaScriptEnabled: false, locale: "en-GB" });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  return { page, complaints, close: () => context.close() };
}

async function linkTo(stage: Stage, body?: Record<string, unknown>) {
  const { connectionId } = await stage.connect("alice");
  await stage.clock.advance(1000);
  const link = await stage.api("POST", `/v1/connections/${connectionId}/reauthorization-link`, body);
  return { connectionId, link: link.at("url") };
}

/** The sandbox's own pages, from its other origin. */
async function signIn(stage: Stage, page: Page, user: string): Promise<void> {
  await page.waitForURL(`${stage.sandbox.url}/**`);
  await page.getByRole("button", { name: `Continue as ${user}` }).click();
  await page.getByRole("button", { name: "Allow" }).click();
  await page.waitForURL(`${stage.settings.publicUrl}/**`);
}

test("without script, the button leads through the provider's redirects and back, and no policy is in the way", async () => {
  const stage = await openStage();
  const { connectionId, link } = await linkTo(stage);
  const { page, complaints, close } = await openPage();
  await page.goto(link);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await signIn(stage, page, "alice");
  expect(await page.getByRole("heading").textContent()).toBe("Connected again");
  expect(complaints).toEqual([]);
  expect((await stage.token(connectionId)).body).toMatchObject({ generation: 2 });
  await close();
}, 60_000);

test("another account is refused, and then allowed by its person where it may be", async () => {
  const stage = await openStage();
  const { connectionId, link } = await linkTo(stage);
  const first = await openPage();
  await first.page.goto(link);
  await first.page.getByRole("button").click();
  await signIn(stage, first.page, "bob");
  expect(await first.page.getByRole("heading").textContent()).toBe("This is another account");
  await first.close();

  const path = `/v1/connections/${connectionId}/reauthorization-link`;
  const choice = await stage.api("POST", path, { account: "may_change" });
  const second = await openPage();
  await second.page.goto(choice.at("url"));
  await second.page.getByRole("button").click();
  await signIn(stage, second.page, "bob");
  await second.page.getByRole("button", { name: "Switch to bob@sandbox.example" }).click();
  expect(await second.page.getByRole("heading").textContent()).toBe("Connected again");
  expect(second.complaints).toEqual([]);
  expect((await stage.api("GET", `/v1/connections/${connectionId}`)).body).toMatchObject({ account: { id: "bob" } });
  await second.close();
}, 60_000);
