/** The longest delay a timer takes: a signed 32 bit integer of milliseconds. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** A day, in seconds: the service takes no more. */
const LONGEST_MIN_TTL = 86_400;

/** The address of the service without a slash at its end. The message never repeats it: it may hold a password. */
export function readServiceUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new TypeError('The option "url" must be an absolute http(s) address, such as "http://127.0.0.1:4100".');
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new TypeError('The option "url" must not hold a user, a query or a fragment; the key belongs in "apiKey".');
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

/** Bearer credentials as RFC 6750, section 2.1 spells them; checked here because `fetch` would print a bad header. */
export function readApiKey(apiKey: string): string {
  if (typeof apiKey === "string" && /^[\w.~+/-]+=*$/.test(apiKey)) return apiKey;
  throw new TypeError('The option "apiKey" must be a key of the service ("eg_..."), without spaces or line breaks.');
}

export function readTimeoutMs(timeoutMs: number): number {
  if (Number.isInteger(timeoutMs) && timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS) return timeoutMs;
  throw new TypeError(`The option "timeoutMs" must be a whole number from 1 to ${MAX_TIMEOUT_MS}.`);
}

export function readMinTtl(minTtl: number): number {
  if (Number.isInteger(minTtl) && minTtl >= 0 && minTtl <= LONGEST_MIN_TTL) return minTtl;
  throw new TypeError(`The option "minTtl" must be a whole number of seconds from 0 to ${LONGEST_MIN_TTL}.`);
}
