import { parseJsonObject } from "./json-object.ts";

/** JSON of what an API may ask for; it comes from outside and goes into a URL. */
const LONGEST = 4096;

/**
 * The claims that an API wants to be said at the authorization server before it takes a token again, as JSON of one object (OIDC Core
 * §5.5): `claims="<base64>"` in its `WWW-Authenticate`. Null where there are none, or they are nothing of the kind.
 */
export function readClaimsChallenge(challenge: string | null): string | null {
  const encoded = /(?:^|[\s,])claims="([\w+/=-]{4,8000})"/.exec(challenge ?? "")?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, "base64url").toString("utf8");
  const claims = text.length <= LONGEST ? parseJsonObject(text) : null;
  return claims && JSON.stringify(claims);
}

/** The same the other way, for whoever passes it on. */
export function writeClaimsChallenge(claims: string): string {
  return Buffer.from(claims).toString("base64");
}

/** Both of what a client always asks for and what an API wants now; of the same claim, what the API wants. */
export function withClaims(always: string | undefined, challenge: string): string {
  const [own, wanted] = [parseJsonObject(always ?? "") ?? {}, parseJsonObject(challenge) ?? {}];
  const merged = Object.entries(wanted).map(([where, claims]) => {
    const before = own[where];
    return [where, isObject(before) && isObject(claims) ? { ...before, ...claims } : claims] as const;
  });
  return JSON.stringify({ ...own, ...Object.fromEntries(merged) });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
