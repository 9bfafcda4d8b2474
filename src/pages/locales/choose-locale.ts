import { de } from "./de.ts";
import { en } from "./en.ts";
import { es } from "./es.ts";
import { fr } from "./fr.ts";
import type { Locale } from "./locale.ts";

/** The first is for whoever reads none of them. */
export const LOCALES: readonly [Locale, ...Locale[]] = [en, de, es, fr];

/**
 * The language that the browser likes best (RFC 9110 §12.5.4) among those that there are; `de-AT` is content with `de` (RFC 4647
 * §3.4).
 */
export function chooseLocale(acceptLanguage: string | undefined): Locale {
  const wishes = (acceptLanguage ?? "").split(",", MOST_WISHES).map(wishOf);
  const liked = wishes.filter(({ weight }) => weight > 0).toSorted((a, b) => b.weight - a.weight);
  for (const { tag } of liked) {
    const found = tag === "*" ? LOCALES[0] : LOCALES.find((locale) => tag.split("-", 1)[0] === locale.tag);
    if (found) return found;
  }
  return LOCALES[0];
}

const MOST_WISHES = 50;

function wishOf(text: string): { tag: string; weight: number } {
  const [tag = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
  return { tag, weight: weight === undefined ? 1 : /^[01](\.\d{0,3})?$/.test(weight) ? Number(weight) : 0 };
}
