import { compactVerify, createLocalJWKSet, decodeProtectedHeader, errors, type JSONWebKeySet } from "jose";
import { parseJsonObject } from "../oauth/json-object.ts";
import { sameIssuer } from "../oauth/metadata.ts";
import { DAY, MINUTE, SECOND } from "../runtime/clock.ts";

/** A security event token whose signature and claims are right (RFC 8417 §2.2). Times are epoch milliseconds. */
export interface SecurityEventToken {
  issuer: string;
  jti: string;
  issuedAt: number;
  /** Each event, by its identifier. */
  events: readonly (readonly [identifier: string, event: Readonly<Record<string, unknown>>])[];
  /** The subject of the whole token (RFC 9493 §4.1); undefined where each event has its own. */
  subject: unknown;
}

export interface ExpectedToken {
  issuer: string;
  audience: readonly string[];
  /** Its header need not say what it is. */
  plainJwt: boolean;
  /** Epoch milliseconds. */
  now: number;
}

/** RFC 8935 §2.4. */
export type ReceiptError =
  | "invalid_request"
  | "invalid_key"
  | "invalid_issuer"
  | "invalid_audience"
  | "authentication_failed";

export interface Refused {
  kind: "refused";
  err: ReceiptError;
  description: string;
}

/** Signatures that a public key verifies: not `none`, and no secret that both sides know. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

const TYPE = /^(?:application\/)?secevent\+jwt$/i;
const PLAIN = /^(?:application\/)?jwt$/i;
const LONGEST_ID = 300;
const MOST_EVENTS = 16;

/** Clocks of others are off by so much. */
const TOLERANCE = 5 * MINUTE;

/** Ids of tokens are remembered for so long, and older tokens are refused, so that none is taken twice. */
export const EVENTS_KEPT = 30 * DAY;

/** What can be said of a token without a key: null when nothing is wrong with it so far. Never throws. */
export function problemBeforeKeys(token: string, { issuer, plainJwt }: ExpectedToken): Refused | null {
  const parts = token.split(".");
  if (parts.length !== 3 || !parts.every((part) => /^[\w-]*$/.test(part))) {
    return refused("invalid_request", "The body is not one signed token in compact form.");
  }
  const header = headerOf(token);
  if (!header) return refused("invalid_request", "The header of the token cannot be read.");
  const { typ, alg } = header;
  const isTyped = typ !== undefined && TYPE.test(typ);
  if (!isTyped && !(plainJwt && (typ === undefined || PLAIN.test(typ)))) {
    return refused("invalid_request", 'The header of the token has to say `"typ": "secevent+jwt"`.');
  }
  if (alg === undefined || !ALGORITHMS.includes(alg)) {
    return refused("invalid_key", "The token has to be signed with a public-key algorithm.");
  }
  const claims = parseJsonObject(Buffer.from(parts[1] ?? "", "base64url").toString("utf8"));
  if (!claims) return refused("invalid_request", "The claims of the token cannot be read.");
  return isIssuer(claims["iss"], issuer)
    ? null
    : refused("invalid_issuer", "The token is not from the issuer whose events are taken here.");
}

/** `unknown_key`: its issuer may have published a new one. Never throws. */
export async function verifyToken(
  token: string,
  keys: JSONWebKeySet,
  expected: ExpectedToken,
): Promise<{ kind: "verified"; token: SecurityEventToken } | { kind: "unknown_key" } | Refused> {
  try {
    const { payload } = await compactVerify(token, createLocalJWKSet(keys), { algorithms: ALGORITHMS });
    return readClaims(parseJsonObject(new TextDecoder().decode(payload)) ?? {}, expected);
  } catch (error) {
    return error instanceof errors.JWKSNoMatchingKey
      ? { kind: "unknown_key" }
      : refused("authentication_failed", "The signature of the token is not its issuer's.");
  }
}

type Claims = Readonly<Record<string, unknown>>;

function readClaims(
  claims: Claims,
  expected: ExpectedToken,
): { kind: "verified"; token: SecurityEventToken } | Refused {
  const { jti, iat } = claims;
  if (!isIssuer(claims["iss"], expected.issuer)) {
    return refused("invalid_issuer", "The token is not from the issuer whose events are taken here.");
  }
  if (!isFor(expected.audience, claims["aud"])) {
    return refused("invalid_audience", "The token is not for this client.");
  }
  if (typeof jti !== "string" || jti === "" || jti.length > LONGEST_ID) {
    return refused("invalid_request", "The token has no `jti`, or one that is too long.");
  }
  if (typeof iat !== "number" || !Number.isFinite(iat) || iat * SECOND > expected.now + TOLERANCE) {
    return refused("invalid_request", "The token has no `iat`, or one in the future.");
  }
  if (iat * SECOND < expected.now - EVENTS_KEPT) {
    return refused("invalid_request", "The token is older than what is taken: 30 days.");
  }
  const events = eventsOf(claims["events"]);
  if (!events) return refused("invalid_request", "The token has no `events`, or too many.");
  const issuedAt = iat * SECOND;
  return {
    kind: "verified",
    token: { issuer: expected.issuer, jti, issuedAt, events, subject: claims["sub_id"] },
  };
}

function headerOf(token: string): { typ?: string; alg?: string } | null {
  try {
    const { typ, alg } = decodeProtectedHeader(token);
    return { ...(typeof typ === "string" && { typ }), ...(typeof alg === "string" && { alg }) };
  } catch {
    return null;
  }
}

function isIssuer(given: unknown, issuer: string): boolean {
  return typeof given === "string" && sameIssuer(given, issuer);
}

function isFor(audience: readonly string[], given: unknown): boolean {
  const audiences: unknown[] = Array.isArray(given) ? given : [given];
  return audiences.some((each) => typeof each === "string" && audience.includes(each));
}

function eventsOf(value: unknown): SecurityEventToken["events"] | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const events = Object.entries(value).map(([identifier, event]) => {
    const fields: Readonly<Record<string, unknown>> = typeof event === "object" && event !== null ? { ...event } : {};
    return [identifier, fields] as const;
  });
  return events.length > 0 && events.length <= MOST_EVENTS ? events : null;
}

function refused(err: ReceiptError, description: string): Refused {
  return { kind: "refused", err, description };
}
