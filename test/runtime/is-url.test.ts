import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { isUrl } from "../../src/runtime/is-url.ts";

test("says the same of a URL however often it was asked, whatever its letters", () => {
  let count = 0;
  for (let index = 0; index < 200_000; index++) count += Number(isUrl(`https://example.com/${index % 7}`));
  expect(count).toBe(200_000);
  expect(
    ["https://bücher.example/token", "https://日本.example/", "/there", "no url"].map((text) => isUrl(text)),
  ).toEqual([true, true, false, false]);
  expect(isUrl("/là", "https://example.com")).toBe(true);
});

test("nothing asks `URL.canParse` instead", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(300);
  const asking = files.filter((file) => readFileSync(`src/${file}`, "utf8").includes("URL.canParse("));
  expect(asking).toEqual([]);
});
