/**
 * How smoothly the dashboard's list of 100,000 connections scrolls in Chromium, beside a page without any script that holds as many
 * of the same rows, in the same run: rounds alternate, because machines are shared and noisy.
 *
 * `npm run bench:dashboard-scroll -- [rounds] [pixels a second]`; with TRACE=<file> the median round's trace is kept there.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { openChromium } from "../../test/stage/chromium.ts";
import { populate } from "../connection-population.ts";
import { startServiceUnderTest, type ServiceUnderTest } from "../service-under-test.ts";
import { built } from "../sweep/built.ts";
import { HEAD, figuresOf, lineOf, pageOf, type Figures } from "./figures.ts";
import { recordScroll } from "./record-scroll.ts";
import { staticList } from "./static-list.ts";
import { compressed, readTrace } from "./trace.ts";

const ROUNDS = Number(process.argv[2] ?? 3);
const SPEED = Number(process.argv[3] ?? 4000);
const SECONDS = 10;
const CONNECTIONS = 100_000;
const PORT = 4182;
const DAY = 86_400_000;

interface Round {
  list: Figures;
  bare: Figures;
  trace: Buffer;
}

const service = await startServiceUnderTest(PORT, []);
try {
  await fill(service);
  const browser = await openChromium();
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
    const page = await context.newPage();
    await signIn(page, service);
    process.stdout.write(`${HEAD}\n`);
    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await measure(page));
    report(rounds);
  } finally {
    await browser.close();
  }
} finally {
  service.stop();
}

/** None is due while the run lasts. */
async function fill({ folder }: ServiceUnderTest): Promise<void> {
  const [{ openDatabase }, { systemClock }] = await Promise.all([built.openDatabase(), built.system()]);
  const database = await openDatabase({ kind: "sqlite", path: join(folder, "evergrant.db") }, systemClock);
  try {
    await populate(database, { tenantId: "default", connections: CONNECTIONS, firstDueAt: Date.now() + DAY });
  } finally {
    await database.close();
  }
}

async function signIn(page: Page, { url, adminKey }: ServiceUnderTest): Promise<void> {
  await page.goto(`${url}/dashboard/`);
  await page.getByLabel("API key").fill(adminKey);
  await page.getByRole("button", { name: "Sign in with the key" }).click();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
}

async function measure(page: Page): Promise<Round> {
  await page.goto(`${service.url}/dashboard/connections`);
  await page.getByRole("link", { name: "User-1@example.com" }).waitFor();
  const scrolled = await recordScroll(page, SPEED, SECONDS);
  const list = figuresOf(scrolled);
  process.stdout.write(`${lineOf("dashboard", list)}\n`);
  const other = await page.context().newPage();
  try {
    await other.setContent(await staticList(page, scrolled.rows));
    const bare = figuresOf(await recordScroll(other, SPEED, SECONDS));
    process.stdout.write(`${lineOf("no script", bare)}\n`);
    return { list, bare, trace: scrolled.trace };
  } finally {
    await other.close();
  }
}

function report(rounds: readonly Round[]): void {
  const ratios = rounds.map(({ list, bare }) => list.perSecond / bare.perSecond).toSorted((a, b) => a - b);
  const ratio = ratios[Math.floor(ROUNDS / 2)] ?? Number.NaN;
  const round = rounds.toSorted((a, b) => a.list.perSecond - b.list.perSecond)[Math.floor(ROUNDS / 2)];
  if (!round) return;
  const frames = round.list.perSecond.toFixed(1);
  process.stdout.write(`medians: ${frames} frames a second, ${ratio.toFixed(2)} of the page without script\n`);
  const file = process.env["TRACE"];
  if (file === undefined) return;
  const recorded = readTrace(round.trace);
  writeFileSync(file, compressed(recorded, pageOf(recorded)));
}
