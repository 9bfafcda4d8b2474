import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { LOCALES } from "../../src/pages/locales/choose-locale.ts";
import { openChromium } from "../stage/chromium.ts";
import { startGallery } from "../stage/page-gallery.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";

/** What docs/reauthorization.md shows, by its width. `npm run screenshots` takes them anew, and those of the dashboard. */
const SHOTS = [
  ["asking", "en", 390],
  ["asking", "en", 1280],
  ["other-account", "en", 390],
  ["switch-account", "de", 390],
  ["healed", "en", 1280],
] as const;
const folder = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));
const named = SHOTS.map(([name, tag, width]) => ({ name, tag, width, file: `${name}-${tag}-${width}.png` }));

test("the screenshots can be taken", async () => {
  const into = process.env["SCREENSHOTS"] === undefined ? `${temporaryFolder()}/` : folder;
  const [browser, gallery] = await Promise.all([openChromium(), startGallery(LOCALES)]);
  for (const { name, tag, width, file } of named) {
    const page = await browser.newPage({ viewport: { width, height: width === 390 ? 640 : 560 } });
    await page.goto(`${gallery.origin}/${tag}/${name}`);
    expect((await page.screenshot({ path: into + file })).length).toBeGreaterThan(1000);
    await page.close();
  }
  await browser.close();
  await gallery.close();
});

test("each of them is there in its width", () => {
  for (const { file, width } of named) {
    // The width of a PNG is at byte 16 (RFC 2083 §4.1.1).
    expect(readFileSync(folder + file).readUInt32BE(16)).toBe(width);
  }
});

test("every screenshot that the documentation shows is there, and no other", () => {
  const docs = new URL("../../docs/", import.meta.url);
  const pages = readdirSync(docs).filter((name) => name.endsWith(".md"));
  const texts = pages.map((name) => readFileSync(new URL(name, docs), "utf8"));
  const shown = texts.flatMap((text) =>
    [...text.matchAll(/\(screenshots\/([\w.-]+)\)/g)].map(([, file]) => file ?? ""),
  );
  expect(readdirSync(folder).toSorted()).toEqual([...new Set(shown)].toSorted());
});
