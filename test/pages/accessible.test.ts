import axe, { type AxeResults } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LOCALES } from "../../src/pages/locales/choose-locale.ts";
import { openChromium } from "../stage/chromium.ts";
import { GALLERY, startGallery } from "../stage/page-gallery.ts";

const [english] = LOCALES;
/** The same from right to left. */
const MIRRORED = { ...english, tag: "en-mirrored", dir: "rtl" as const };
const names = Object.keys(GALLERY);

let browser: Browser;
let gallery: Awaited<ReturnType<typeof startGallery>>;

beforeAll(async () => {
  [browser, gallery] = await Promise.all([openChromium(), startGallery([...LOCALES, MIRRORED])]);
});
afterAll(async () => {
  await browser.close();
  await gallery.close();
});

interface Look {
  width?: number;
  scheme?: "light" | "dark";
  forced?: boolean;
}

/** A window in which pages of the gallery can be opened. */
async function look({ width = 390, scheme = "light", forced = false }: Look, work: (page: Page) => Promise<void>) {
  const page = await browser.newPage({ viewport: { width, height: 844 }, colorScheme: scheme });
  try {
    await page.emulateMedia({ forcedColors: forced ? "active" : "none", reducedMotion: "reduce" });
    await work(page);
  } finally {
    await page.close();
  }
}

/** Opens a page, and leaves it there: where it would go on by itself, there is nothing. */
async function open(page: Page, path: string): Promise<void> {
  await page.unrouteAll();
  let isOpen = false;
  await page.route("**/*", async (route) => {
    await (isOpen ? route.fulfill({ status: 204 }) : route.continue());
    isOpen = true;
  });
  await page.goto(gallery.origin + path);
}

/** That a page looks again for what it waits for takes nothing from anybody: nothing can be entered in it. */
const LOOKS_AGAIN = "waiting";

async function foundIn(page: Page, name: string): Promise<string[]> {
  await page.evaluate(axe.source);
  const rules = { "meta-refresh": { enabled: name !== LOOKS_AGAIN } };
  const { violations: found } = await page.evaluate<AxeResults>(`axe.run(${JSON.stringify({ rules })})`);
  return found.map(({ id, impact, nodes }) => `${id} (${impact}): ${nodes.map(({ html }) => html).join(" ")}`);
}

describe.each(["light", "dark"] as const)("in %s colours", (scheme) => {
  test("axe finds nothing in any page", async () => {
    await look({ scheme }, async (page) => {
      for (const name of names) {
        await open(page, `/en/${name}`);
        expect([name, await foundIn(page, name)]).toEqual([name, []]);
      }
    });
  }, 60_000);
});

test.each([...LOCALES, MIRRORED].map((locale) => [locale.tag, locale] as const))(
  "in %s, nothing is wider than a phone, and the language is said",
  async (tag, { dir }) => {
    await look({}, async (page) => {
      for (const name of names) {
        await open(page, `/${tag}/${name}`);
        const seen = await page.evaluate<unknown>(`(({ lang, dir, scrollWidth, clientWidth }) =>
          ({ lang, dir, sideways: scrollWidth - clientWidth }))(document.documentElement)`);
        expect([name, seen]).toEqual([name, { lang: tag, dir, sideways: 0 }]);
      }
    });
  },
  60_000,
);

test("the keyboard reaches every button in order, and shows where it is", async () => {
  await look({}, async (page) => {
    await open(page, "/en/switch-account");
    const reached: string[] = [];
    for (let press = 0; press < 2; press += 1) {
      await page.keyboard.press("Tab");
      const seen = await page.evaluate<string>(`((at, { outlineStyle, outlineWidth }) =>
        [at.textContent, outlineStyle, outlineWidth].join(" "))(document.activeElement, getComputedStyle(document.activeElement))`);
      reached.push(seen);
    }
    expect(reached).toEqual(["Switch to ben@example.com solid 3px", "Keep ada@example.com solid 3px"]);
  });
});

test("a finger hits the buttons, and where colours are forced they have a border", async () => {
  for (const forced of [false, true]) {
    await look({ forced }, async (page) => {
      await open(page, "/en/switch-account");
      const buttons = await page.evaluate<
        { height: number; border: string }[]
      >(`[...document.querySelectorAll("button")].map(
        (button) => ({ height: button.getBoundingClientRect().height, border: getComputedStyle(button).borderTopWidth }))`);
      expect(buttons).toHaveLength(2);
      for (const { height, border } of buttons) expect([height >= 44, border]).toEqual([true, "2px"]);
    });
  }
});

test("a page has one main landmark with one heading, and is read in order", async () => {
  await look({}, async (page) => {
    await open(page, "/en/asking");
    const outline = await page.locator("body").ariaSnapshot();
    expect(outline).toMatch(/^- main:\n\s+- heading "Please sign in again" \[level=1\]\n/);
    expect(outline.match(/- main/g)).toHaveLength(1);
    expect(outline).toContain(`- button "Continue to Google"`);
  });
});
