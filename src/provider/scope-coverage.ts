import type { Provider } from "./provider.ts";

/** What tells how a provider writes scopes. */
export type ScopeHabits = Pick<
  Provider,
  "scope_aliases" | "scope_implies" | "scope_prefixes" | "unechoed_scopes" | "offline_access"
>;

/**
 * Which of `needed` are not covered by `granted`, as they are written in `needed`. RFC 6749 §3.3 compares scopes byte by byte; providers
 * answer in another case, with long names for short ones, with one scope in place of those that it includes, and leave some out.
 */
export function missingScopes(
  provider: ScopeHabits,
  { needed, granted }: { needed: readonly string[]; granted: readonly string[] },
): string[] {
  const habits = habitsOf(provider);
  const covered = coverageOf(habits, granted);
  const missing = new Map<string, string>();
  for (const scope of needed) {
    const name = nameOf(habits, scope);
    if (!habits.unechoed.has(name) && !covered.has(name) && !missing.has(name)) missing.set(name, scope);
  }
  return [...missing.values()];
}

interface Habits {
  prefixes: string[];
  /** From what is written to the name that it is compared by. */
  aliases: Map<string, string>;
  implies: Map<string, string[]>;
  unechoed: Set<string>;
}

function habitsOf(provider: ScopeHabits): Habits {
  const { scope_aliases: aliases, scope_implies: implies, scope_prefixes: prefixes } = provider;
  const spelling = {
    prefixes: prefixes.map((prefix) => prefix.toLowerCase()),
    aliases: new Map(Object.entries(aliases).map(([from, to]) => [from.toLowerCase(), to.toLowerCase()])),
  };
  const named = (scope: string): string => nameOf(spelling, scope);
  const leftOut = [...ALWAYS_LEFT_OUT, ...provider.offline_access.scopes, ...provider.unechoed_scopes];
  return {
    ...spelling,
    implies: new Map(Object.entries(implies).map(([scope, others]) => [named(scope), others.map(named)])),
    unechoed: new Set(leftOut.map(named)),
  };
}

/** They ask for another kind of answer and not for access to anything (OIDC Core §3.1.2.1, §11), so many answers do not name them. */
const ALWAYS_LEFT_OUT = ["openid", "offline_access"];

/** The granted scopes, and all that they include. */
function coverageOf(habits: Habits, granted: readonly string[]): Set<string> {
  const covered = new Set<string>();
  const open = granted.map((scope) => nameOf(habits, scope));
  for (let scope = open.pop(); scope !== undefined; scope = open.pop()) {
    if (covered.has(scope)) continue;
    covered.add(scope);
    open.push(...(habits.implies.get(scope) ?? []));
  }
  return covered;
}

function nameOf({ prefixes, aliases }: Pick<Habits, "prefixes" | "aliases">, scope: string): string {
  const written = scope.toLowerCase();
  const known = aliases.get(written);
  if (known !== undefined) return known;
  const prefix = prefixes.find((each) => written.startsWith(each));
  const name = prefix === undefined ? written : written.slice(prefix.length);
  return aliases.get(name) ?? name;
}
