import { headerLines, headerOf, type HeaderLines } from "../../oauth/api-transport.ts";

/** RFC 9110 §7.6.1, with what proxies ask of each other, and `Expect`, which is said anew. */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-authentication-info",
  "te",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "expect",
];

/** What is said to this service or by what stands before it: who calls, and from where. */
const FOR_US = [
  "host",
  "authorization",
  "evergrant-key",
  "dpop",
  "cookie",
  "cookie2",
  "forwarded",
  "x-original-host",
  "x-real-ip",
];

/** What an API says of its whole host, or of the key that a token is bound to: here it would be said of this service. */
const FOR_ITS_HOST = [
  "set-cookie",
  "set-cookie2",
  "alt-svc",
  "clear-site-data",
  "dpop-nonce",
  "nel",
  "public-key-pins",
  "report-to",
  "reporting-endpoints",
  "service-worker-allowed",
  "strict-transport-security",
];

const NOT_TO_THE_API = new Set([...HOP_BY_HOP, ...FOR_US]);
const NOT_TO_THE_CALLER = new Set([...HOP_BY_HOP, ...FOR_ITS_HOST]);

/** RFC 9110 §7.6.3. In an answer it tells the API's from those of the service itself. */
const VIA = ["Via", "1.1 evergrant"] as const;

/** What goes on to the API beside the token; `authority` is its host and port (RFC 9110 §7.2). */
export function headersForApi(raw: readonly string[], authority: string): HeaderLines {
  return [["Host", authority], ...kept(headerLines(raw), isForUs), VIA];
}

export function headersForCaller(headers: HeaderLines): HeaderLines {
  return [...kept(headers, isForItsHost), VIA];
}

export function trailersForApi(raw: readonly string[]): HeaderLines {
  return kept(headerLines(raw), isForUs).filter(mayTrail);
}

export function trailersForCaller(trailers: HeaderLines): HeaderLines {
  return kept(trailers, isForItsHost).filter(mayTrail);
}

function isForUs(name: string): boolean {
  return NOT_TO_THE_API.has(name) || name.startsWith("x-forwarded-");
}

/** Which pages of other origins may read an answer is not for an API to say: a page has no business with an API key. */
function isForItsHost(name: string): boolean {
  return NOT_TO_THE_CALLER.has(name) || name.startsWith("access-control-");
}

/** Trailers say nothing that has to be known before the body (RFC 9110 §6.5.1). */
function mayTrail([name]: readonly [string, string]): boolean {
  return !/^(content-(length|encoding|type|range)|location|trailer)$/i.test(name);
}

/** `Connection` names more that is for the next hop alone; the length of the body is for nobody to take away. */
function kept(headers: HeaderLines, isDropped: (name: string) => boolean): HeaderLines {
  const named = (headerOf(headers, "connection") ?? "").toLowerCase().split(",");
  const alone = new Set(named.map((name) => name.trim()).filter((name) => name !== "content-length"));
  return headers.filter(([name]) => !isDropped(name.toLowerCase()) && !alone.has(name.toLowerCase()));
}
