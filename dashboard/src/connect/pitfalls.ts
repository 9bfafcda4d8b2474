import type { Provider } from "../api/client-shapes.ts";

/** Fields that pitfalls are shown beside, and how those are known that are about one. The first that fits has it. */
const ABOUT = {
  testing: /status testing/i,
  redirect: /redirect|callback/i,
  secret: /\bsecrets?\b/i,
  scopes: /\bscopes?\b/i,
} as const;

type Place = keyof typeof ABOUT | "all";

/** A provider's pitfalls by the field that each is about; `all` has those that are about none. */
export function pitfallsBeside({ pitfalls }: Pick<Provider, "pitfalls">): Record<Place, string[]> {
  const places: Record<Place, string[]> = { testing: [], redirect: [], secret: [], scopes: [], all: [] };
  for (const pitfall of pitfalls) places[placeOf(pitfall)].push(pitfall);
  return places;
}

function placeOf(pitfall: string): Place {
  for (const place of ["testing", "redirect", "secret", "scopes"] as const)
    if (ABOUT[place].test(pitfall)) return place;
  return "all";
}
