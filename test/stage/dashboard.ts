import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { onTestFinished } from "vitest";
import type { Stage } from "./stage.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** An operator's browser at the dashboard of a stage. */
export interface Dashboard {
  page: Page;
  /** What the browser complained about: a policy that was violated, a script that failed. */
  complaints: string[];
  /** Opens a page by its path under `/dashboard/`, and waits until nothing of it is loading. */
  visit(this: void, path: string): Promise<void>;
  /** Moves time on at once, for the service and for the browser. */
  leap(this: void, milliseconds: number): Promise<void>;
  /** Lets time pass quickly until the service says so; answers of providers arrive meanwhile. */
  until(this: void, isSo: () => boolean): Promise<void>;
  /** Keeps a picture for the documentation if pictures are taken (`npm run screenshots`). */
  shot(this: void, name: string, options?: { whole?: boolean }): Promise<void>;
}

export interface DashboardOptions {
  width?: number;
  height?: number;
  scheme?: "light" | "dark";
}

/** Opens the dashboard in a new browser, before anybody has signed in. From now on the stage's time passes. */
export async function openDashboard(
  stage: Stage,
  browser: Browser,
  { width = 1280, height = 860, scheme = "light" }: DashboardOptions = {},
): Promise<Dashboard> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: scheme,
    locale: "en-GB",
    timezoneId: "UTC",
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(15_000);
  onTestFinished(() => context.close());
  const time = letTimePass(stage);
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  await page.goto(`${stage.settings.publicUrl}/dashboard/`);
  return {
    page,
    complaints,
    visit: async (path) => {
      await page.goto(`${stage.settings.publicUrl}/dashboard/${path}`);
      await loaded(page);
    },
    leap: async (milliseconds) => {
      await time.move(() => stage.clock.leap(milliseconds));
      await context.clock.setSystemTime(stage.clock.now());
    },
    until: async (isSo) => {
      for (let seconds = 0; !isSo(); seconds++) {
        if (seconds > PATIENCE) throw new Error("It does not come.");
        for (let step = 0; step < 10; step++) await time.move(() => stage.clock.advance(100));
      }
      await context.clock.setSystemTime(stage.clock.now());
    },
    shot: (name, options) => shoot(page, name, options?.whole ?? false),
  };
}

/** As an operator does it. */
export async function signInWithKey({ page }: Dashboard, key: string): Promise<void> {
  await page.getByLabel("API key").fill(key);
  await page.getByRole("button", { name: "Sign in with the key" }).click();
  await page.locator("#content").waitFor();
}

/** A page that is being loaded says so. */
export async function loaded(page: Page): Promise<void> {
  await page.locator("main :not(:empty)").first().waitFor();
  const loading = page.locator("div[aria-busy=true]:empty").or(page.getByText(/^Loading .*…/));
  await loading.first().waitFor({ state: "detached" });
}

/** In seconds of the stage. */
const PATIENCE = 3600;

interface PassingTime {
  move(by: () => Promise<void>): Promise<void>;
}

/** The service's clock goes on as the browser's does, in whole milliseconds as any does; other moves of it come in between. */
function letTimePass({ clock }: Stage): PassingTime {
  const over = new AbortController();
  onTestFinished(() => over.abort());
  let turn = Promise.resolve();
  const move = (by: () => Promise<void>): Promise<void> => (turn = turn.then(by));
  void (async () => {
    for (let last = performance.now(); !over.signal.aborted;) {
      await sleep(20);
      const passed = Math.floor(performance.now() - last);
      await move(() => clock.advance(passed));
      last += passed;
    }
  })();
  return { move };
}

/** What was refused shows in the page; the browser's own note of it is no complaint. */
const REFUSED = /^Failed to load resource: the server responded with a status of 4/;

function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !REFUSED.test(message.text())) complaints.push(message.text());
  });
  return complaints;
}

const KEPT = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));

async function shoot(page: Page, name: string, whole: boolean): Promise<void> {
  const folder = process.env["SCREENSHOTS"] === undefined ? `${temporaryFolder()}/` : KEPT;
  const window = page.viewportSize();
  if (whole && window) {
    // Not `fullPage`: what stays in sight would stand in the middle.
    const height = await page.evaluate<number>("document.documentElement.scrollHeight");
    await page.setViewportSize({ ...window, height });
  }
  await page.screenshot({ path: `${folder}${name}.png`, animations: "disabled", caret: "hide" });
  if (whole && window) await page.setViewportSize(window);
}
