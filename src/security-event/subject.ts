import { sameIssuer } from "../oauth/metadata.ts";

/** Whom an event is about: any connection that one of them fits. */
export interface Subject {
  /** How the event names it, for the inbox: a format of RFC 9493, or of the sender. */
  format: string;
  marks: readonly Mark[];
}

/** What a connection is found by. A token is named by a part of it or a digest, which is no token. */
export type Mark =
  | { by: "account"; id: string }
  /** All accounts whose ids begin so. */
  | { by: "accounts"; prefix: string }
  | { by: "email"; email: string }
  | { by: "token_prefix" | "token_digest"; value: string };

/** Issuers whose `sub` is the account's id here; none where accounts are known by something else. */
export type SubjectIssuers = readonly string[];

const MOST_MARKS = 20;
const LONGEST = 400;

/** The subject of an event, as RFC 9493 §3 names it, or as drafts before it did; null when there is none that is known. */
export function readSubject(value: unknown, issuers: SubjectIssuers): Subject | null {
  const fields = objectOf(value);
  if (!fields) return null;
  const format = (textOf(fields["format"]) ?? textOf(fields["subject_type"]) ?? "none").replaceAll("-", "_");
  const marks = marksIn(fields, format, issuers).slice(0, MOST_MARKS);
  return { format: FORMATS.has(format) ? format : "other", marks };
}

const FORMATS = new Set([
  "iss_sub",
  "id_token_claims",
  "email",
  "account",
  "aliases",
  "complex",
  "oauth_token",
  "none",
]);

type Fields = Readonly<Record<string, unknown>>;

function marksIn(fields: Fields, format: string, issuers: SubjectIssuers): Mark[] {
  switch (format) {
    case "iss_sub":
      return accountIn(fields, issuers);
    case "id_token_claims": {
      const account = accountIn(fields, issuers);
      return account.length > 0 ? account : emailIn(fields["email"]);
    }
    case "email":
      return emailIn(fields["email"]);
    // RFC 7565: where people have addresses, an account is one.
    case "account":
      return emailIn(textOf(fields["uri"])?.replace(/^acct:/i, ""));
    case "aliases":
      return listOf(fields["identifiers"]).flatMap((each) => marksOf(each, issuers));
    case "oauth_token":
      return tokenIn(fields);
    default:
      return nestedIn(fields, issuers);
  }
}

/** CAEP names a person within a session, a device and a tenant; only the person is known here. */
function nestedIn(fields: Fields, issuers: SubjectIssuers): Mark[] {
  return fields["user"] === undefined ? [] : marksOf(fields["user"], issuers);
}

/** One level deep: neither an alias nor a user has aliases of its own (RFC 9493 §3.2.8). */
function marksOf(value: unknown, issuers: SubjectIssuers): Mark[] {
  const fields = objectOf(value);
  const format = textOf(fields?.["format"] ?? fields?.["subject_type"])?.replaceAll("-", "_") ?? "";
  const isNested = format === "aliases" || format === "complex" || format === "";
  return fields === null || isNested ? [] : marksIn(fields, format, issuers);
}

function accountIn(fields: Fields, issuers: SubjectIssuers): Mark[] {
  const [issuer, id] = [textOf(fields["iss"]), textOf(fields["sub"])];
  const isKnown = issuer !== null && issuers.some((known) => sameIssuer(known, issuer));
  return isKnown && id !== null ? [{ by: "account", id }] : [];
}

function emailIn(value: unknown): Mark[] {
  const email = textOf(value)?.trim().toLowerCase();
  return email !== undefined && /^[^@\s]+@[^@\s]+$/.test(email) ? [{ by: "email", email }] : [];
}

/** OAuth Event Types 1.0 §2, with the digest that Google names. */
function tokenIn(fields: Fields): Mark[] {
  const value = textOf(fields["token"]);
  if (value === null || fields["token_type"] !== "refresh_token") return [];
  switch (fields["token_identifier_alg"]) {
    case "prefix":
      return [{ by: "token_prefix", value }];
    case "hash_base64_sha512_sha512":
      return [{ by: "token_digest", value: paddedBase64(value) }];
    default:
      return [];
  }
}

/** As it is stored: some write it for URLs, or without its padding. */
function paddedBase64(text: string): string {
  const plain = text.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  return plain.padEnd(Math.ceil(plain.length / 4) * 4, "=");
}

function objectOf(value: unknown): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" && value.length <= LONGEST ? value : null;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value.slice(0, MOST_MARKS) : [];
}
