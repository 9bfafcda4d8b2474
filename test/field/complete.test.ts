import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { IDS, LATER } from "./ids.ts";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const OWN_NAME = "complete.test.ts";

const files = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".test.ts") && name !== OWN_NAME)
  .map((name) => ({ name, text: readFileSync(FOLDER + name, "utf8") }));

function isOfCategory(file: string, category: string): boolean {
  return file === `${category}.test.ts` || file.startsWith(`${category}-`);
}

/** Where each test stands, and the failure that its title begins with. */
const tests = files.flatMap(({ name: file, text }) =>
  [...text.matchAll(/^\s*(?:test|it)\b[^"]*"([^":]*)/gm)].map(([, id = ""]) => ({ file, id })),
);

test("each failure has exactly one test, and each test one failure", () => {
  const known = Object.values(IDS).flat().toSorted();
  expect(new Set(known).size).toBe(known.length);
  expect(tests.map(({ id }) => id).toSorted()).toEqual(known);
});

test("what is left for later says why, and is none of those that have a test", () => {
  const reasons = Object.values(LATER).flatMap((category) => Object.entries(category));
  const later = reasons.map(([id]) => id);
  expect(new Set(later).size).toBe(later.length);
  expect(
    Object.values(IDS)
      .flat()
      .filter((id) => later.includes(id)),
  ).toEqual([]);
  expect(reasons.filter(([, reason]) => !/^[A-Z].{20,}\.$/.test(reason))).toEqual([]);
});

test("each test is in a file of its category", () => {
  const strays = tests.filter(({ file, id }) => {
    const [, ids] = Object.entries(IDS).find(([category]) => isOfCategory(file, category)) ?? [];
    return !ids?.some((known) => known === id);
  });
  expect(strays).toEqual([]);
});

test("none of them is skipped or stands alone", () => {
  const modified = files.filter(({ text }) => /\b(test|it|describe)\.\w/.test(text));
  expect(modified.map(({ name }) => name)).toEqual([]);
});
