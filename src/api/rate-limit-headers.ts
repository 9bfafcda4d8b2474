import type { RateLimit } from "../access/rate-limits.ts";
import { SECOND } from "../runtime/clock.ts";

/** What a caller may do and what is left of it, as draft-ietf-httpapi-ratelimit-headers-10 writes it (§3, §4; RFC 9651 lists). */
export function rateLimitHeaders(limits: readonly RateLimit[]): Record<"ratelimit-policy" | "ratelimit", string> {
  return {
    "ratelimit-policy": limits
      .map(({ name, burst, perSecond }) => `"${name}";q=${burst};w=${Math.round(burst / perSecond)}`)
      .join(", "),
    ratelimit: limits
      .map(({ name, remaining, fullInMs }) => `"${name}";r=${remaining};t=${Math.ceil(fullInMs / SECOND)}`)
      .join(", "),
  };
}
