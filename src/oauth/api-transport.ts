import type { TransportFailure } from "./http.ts";

/** Headers as they are written: in order, each as often as it stands there. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

/** A request for a protected resource (RFC 6749 §7), whose bodies are streams and never held. */
export interface ApiRequest {
  method: string;
  /** Scheme, host and port. */
  origin: string;
  /** What follows, query included, byte for byte. */
  path: string;
  headers: HeaderLines;
  /** Null: there is none. It is read no faster than the API takes it. */
  body: AsyncIterable<Uint8Array> | null;
  /** Asked for when the body has come to its end (RFC 9110 §6.5). */
  trailers(this: void): HeaderLines;
  /** The body is not read before the API has asked for it (RFC 9110 §10.1.1), or has been silent for a second. */
  expectsContinue: boolean;
}

export interface ApiAnswer {
  kind: "answer";
  status: number;
  reason: string;
  headers: HeaderLines;
  /** Throws when the API breaks off. Whoever stops reading, stops the API. */
  body: AsyncIterable<Uint8Array>;
  trailers(this: void): HeaderLines;
  /** Instead of reading it. */
  discard(this: void): void;
}

/** `isStale`: it went over a connection that had been used before, which the API may just have closed. */
export interface ApiFailure extends TransportFailure {
  isStale: boolean;
}

export interface ApiSendOptions {
  /** Ends the request and its answer, wherever they are. */
  signal: AbortSignal;
  /** An interim answer (RFC 9110 §15.2) other than 100. */
  onInterim(this: void, status: number, headers: HeaderLines): void;
}

/** The way to APIs: no redirect, no retry, no size cap; it ends when both sides are silent for too long. Never throws. */
export interface ApiTransport {
  send(request: ApiRequest, options: ApiSendOptions): Promise<ApiAnswer | ApiFailure>;
}

/** What `headers` say under `name`, in lower case; lines of the same name are joined (RFC 9110 §5.2). Null without any. */
export function headerOf(headers: HeaderLines, name: string): string | null {
  const values = headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
  return values.length === 0 ? null : values.join(", ");
}

/** From a list in which names and values take turns, as Node has them. */
export function headerLines(raw: readonly string[]): HeaderLines {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ""] as const] : []));
}
