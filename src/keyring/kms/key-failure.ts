/**
 * Why a key service did not do what it was asked to.
 *
 * - `unreachable`: no answer came
 * - `in_trouble`: it answered that it cannot now, or that it is asked too often
 * - `no_identity`: it was not told who asks, or does not believe it
 * - `not_permitted`: it knows who asks, and does not permit it
 * - `no_such_key`: the key does not exist, or is not in use
 * - `unsuitable`: the key is not one that encrypts
 * - `other_key`: the bytes were encrypted by another key or for another context
 * - `unrecognised`: anything else
 */
export type KeyFailureKind =
  | "unreachable"
  | "in_trouble"
  | "no_identity"
  | "not_permitted"
  | "no_such_key"
  | "unsuitable"
  | "other_key"
  | "unrecognised";

export interface KeyFailure {
  kind: KeyFailureKind;
  /** What the service or the network calls it; never the text of a message, which may quote what was sent. */
  code: string;
}

/** What to check at one service, in its own words: a sentence for each failure that is told apart there. */
export type KeyHints = Record<Exclude<KeyFailureKind, "in_trouble" | "unrecognised">, string>;

/** Thrown by an adapter that has understood a failure by itself; what a package throws is for its `failureOf`. */
export class KeyServiceRefusal extends Error {
  override readonly name = "KeyServiceRefusal";
  readonly failure: KeyFailure;

  constructor(kind: KeyFailureKind, code: string) {
    super(kind);
    this.failure = { kind, code };
  }
}

/** Whether the same request may succeed a moment later. */
export function mayPass({ kind }: KeyFailure): boolean {
  return kind === "unreachable" || kind === "in_trouble";
}

/** What happened with the key `name`, and what to check. */
export function sentenceOf(name: string, { kind, code }: KeyFailure, hints: KeyHints): string {
  switch (kind) {
    case "unreachable":
      return `${name} cannot be reached (${code}). ${hints.unreachable}`;
    case "in_trouble":
      return `${name} cannot answer now (${code}). Its service is in trouble or asked too often: try again in a minute.`;
    case "no_identity":
      return `${name} was not told who asks for it (${code}). ${hints.no_identity}`;
    case "not_permitted":
      return `${name} may not be used by this process (${code}). ${hints.not_permitted}`;
    case "no_such_key":
      return `${name} is unknown, disabled or deleted (${code}). ${hints.no_such_key}`;
    case "unsuitable":
      return `${name} is a key that cannot encrypt this (${code}). ${hints.unsuitable}`;
    case "other_key":
      return `${name} did not encrypt what it is to decrypt (${code}). ${hints.other_key}`;
    case "unrecognised":
      return `${name} gave an answer that is not understood (${code}). Check that the address names the right service.`;
  }
}

/** The first of these that looks like a code; what somebody else put into an error may be anything. */
export function plainCode(...candidates: readonly unknown[]): string {
  const texts = candidates.map((each) => (typeof each === "number" ? `${each}` : each));
  return texts.find((each) => typeof each === "string" && /^[\w.-]{1,64}$/.test(each))?.toString() ?? "no code";
}

const NETWORK = new Set(["ENOTFOUND", "EPIPE", "EPROTO", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"]);

/** The code of a network error in Node (`ECONNREFUSED`, `CERT_HAS_EXPIRED`), as deep in its causes as it is; null for others. */
export function networkCode(error: unknown, depth = 0): string | null {
  if (!(error instanceof Error) || depth > 5) return null;
  const code = "code" in error ? String(error.code) : "";
  if (NETWORK.has(code) || /^(ECONN|EAI_|ERR_(TLS|SSL)_|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/.test(code))
    return code;
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  return networkCode(first, depth + 1);
}
