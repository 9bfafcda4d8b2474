import type { Secret } from "../runtime/secret.ts";
import { jwtClaims } from "./jwt-claims.ts";

/** When an answer was given, by each clock that there is; seconds since the epoch. */
export interface AnswerTime {
  /** The server's own, from its `Date` header (RFC 9110 §6.6.1). Null when it sent none. */
  server: number | null;
  /** Ours, when the request was sent. */
  local: number;
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Seconds that the access token has left, by whichever of the answer's statements ends first: `expires_in` (RFC 6749 §5.1), the
 * time of issue plus that, a time of expiry, and the `exp` of a JWT (RFC 9068 §2.2). Times are compared with the server's clock
 * where it tells it, so that ours may be wrong. Null when the answer says nothing.
 */
export function accessLifetime(json: Json, accessToken: Secret<string>, time: AnswerTime): number | null {
  const expiresIn = seconds(json["expires_in"]);
  // Without the server's clock a time can only be compared with ours, which is worse than a number of seconds.
  if (expiresIn !== null && time.server === null) return earliest([expiresIn, leftOfOwnJwt(accessToken)]);
  return earliest([
    expiresIn,
    leftSinceIssue(json, expiresIn, time),
    leftUntilExpiry(json, time),
    leftOfJwt(accessToken, time),
  ]);
}

/** Seconds that the refresh token has left; no standard names it, and each server names it in its own way. */
export function refreshLifetime(json: Json, time: AnswerTime): number | null {
  // None, where it is 0: such a token has no end of its own.
  const named = REFRESH_LIFETIMES.map((name) => seconds(json[name]) || null);
  return earliest([...named, left(instant(json["refresh_token_expires_at"]), time)]);
}

const REFRESH_LIFETIMES = ["refresh_token_expires_in", "refresh_expires_in", "x_refresh_token_expires_in"];

/** Some servers hand out a token that they issued a while ago, and count `expires_in` from then. */
function leftSinceIssue(json: Json, expiresIn: number | null, time: AnswerTime): number | null {
  const issuedAt = instant(json["issued_at"]) ?? instant(json["created_at"]);
  if (issuedAt === null || expiresIn === null) return null;
  return left(issuedAt + expiresIn, time);
}

function leftUntilExpiry(json: Json, time: AnswerTime): number | null {
  return left(instant(json["expires_at"]) ?? instant(json["expires_on"]), time);
}

function leftOfJwt(accessToken: Secret<string>, time: AnswerTime): number | null {
  const claims = jwtClaims(accessToken.reveal());
  const exp = instant(claims?.["exp"]);
  const iat = instant(claims?.["iat"]);
  return exp === null ? null : left(exp, { ...time, server: time.server ?? iat });
}

/** By the JWT's own times alone. */
function leftOfOwnJwt(accessToken: Secret<string>): number | null {
  const iat = instant(jwtClaims(accessToken.reveal())?.["iat"]);
  return iat === null ? null : leftOfJwt(accessToken, { server: iat, local: iat });
}

/** A server does not hand out what is over already: if it seems so, the clocks disagree, and the time says nothing. */
function left(end: number | null, { server, local }: AnswerTime): number | null {
  if (end === null) return null;
  const rest = Math.floor(end - (server ?? local));
  return rest > 0 ? rest : null;
}

function earliest(lifetimes: readonly (number | null)[]): number | null {
  const known = lifetimes.filter((lifetime) => lifetime !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** Whole seconds; some servers send text or decimals. A negative lifetime counts as 0. */
function seconds(value: unknown): number | null {
  const number = numberOf(value);
  return number === null ? null : Math.max(0, Math.floor(number));
}

/** Above this a number counts milliseconds: as seconds it would be the year 5138. */
const MOST_SECONDS = 1e11;

/** A time in seconds since the epoch, from seconds, milliseconds or a date as text (RFC 3339). */
function instant(value: unknown): number | null {
  const number = numberOf(value);
  if (number !== null) return number <= 0 ? null : number < MOST_SECONDS ? number : number / 1000;
  return typeof value === "string" ? parseTime(value) : null;
}

function numberOf(value: unknown): number | null {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : null;
}

/** RFC 3339 with an offset; the same text is the same time wherever it is read. */
function parseTime(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/i.test(text.trim())) return null;
  const at = Date.parse(text.trim());
  return Number.isNaN(at) ? null : at / 1000;
}
