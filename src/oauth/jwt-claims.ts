import { parseJsonObject } from "./json-object.ts";

/** The claims of a signed JWT (RFC 7519 §3), unverified; null for anything else. */
export function jwtClaims(token: string): Record<string, unknown> | null {
  const [, payload, signature, ...more] = token.split(".");
  if (payload === undefined || signature === undefined || more.length > 0) return null;
  return parseJsonObject(Buffer.from(payload, "base64url").toString("utf8"));
}
