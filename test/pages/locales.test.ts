import { expect, test } from "vitest";
import { CAUSES, sentenceForUser } from "../../src/connection/cause.ts";
import { chooseLocale, LOCALES } from "../../src/pages/locales/choose-locale.ts";

/** Every text of a locale, by where it stands. */
function textsOf(value: unknown, path = ""): [string, string | null][] {
  if (typeof value !== "object" || value === null) return [[path, typeof value === "string" ? value : null]];
  return Object.entries(value).flatMap(([name, inner]) => textsOf(inner, `${path}.${name}`));
}

function placeholders(text: string | null): string[] {
  return [...new Set(text?.match(/\{\w+\}/g))].toSorted();
}

const [english] = LOCALES;
const others = LOCALES.filter((locale) => locale !== english).map((locale) => [locale.tag, locale] as const);

test.each(others)("%s says all that English says, with the same names in it", (_tag, locale) => {
  const expected = textsOf(english).map(([path, text]) => [path, placeholders(text), text === null]);
  expect(textsOf(locale).map(([path, text]) => [path, placeholders(text), text === null])).toEqual(expected);
});

test.each(others)("%s is no copy of English", (_tag, locale) => {
  const theirs = new Map(textsOf(locale));
  const same = textsOf(english).filter(([path, text]) => text !== null && path !== ".dir" && theirs.get(path) === text);
  expect(same).toEqual([]);
});

test("there is a sentence for each cause that concerns its user, and in English it is the API's", () => {
  for (const { causes } of LOCALES) expect(Object.keys(causes).toSorted()).toEqual([...CAUSES].toSorted());
  for (const cause of CAUSES) expect(english.causes[cause]).toBe(sentenceForUser(cause));
});

test.each([
  [undefined, "en"],
  ["", "en"],
  ["de", "de"],
  ["de-AT,en;q=0.8", "de"],
  ["DE-ch", "de"],
  ["en;q=0.5, es;q=0.9", "es"],
  ["fr;q=0.7,de;q=0.7", "fr"],
  ["ja,fr;q=0.3", "fr"],
  ["de;q=0,fr;q=0.1", "fr"],
  ["de;q=0", "en"],
  ["ja, *;q=0.5, de;q=0.1", "en"],
  ["*", "en"],
  ["de;q=high,es", "es"],
  ["deutsch", "en"],
  [",;,;q=,de", "de"],
])("a browser that asks for %s is answered in %s", (header, tag) => {
  expect(chooseLocale(header).tag).toBe(tag);
});
