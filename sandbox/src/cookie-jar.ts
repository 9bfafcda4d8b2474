/** Keeps cookies as a browser does (RFC 6265 §5), apart per origin, and as far as one scripted user needs it. */
export interface CookieJar {
  store(url: URL, setCookies: string[]): void;
  /** The Cookie header for a request, or null. */
  header(url: URL): string | null;
}

interface Cookie {
  name: string;
  value: string;
  path: string;
  expiresAt: number;
}

/**
 * Domain is not looked at. Secure cookies also go over http: every origin here is on the loopback, which browsers
 * take for secure.
 */
export function createCookieJar(): CookieJar {
  const cookies = new Map<string, Cookie>();

  return {
    store: (url, setCookies) => {
      for (const line of setCookies) {
        const cookie = parse(line, url.pathname);
        // RFC 6265bis §4.1.3.2: a __Host- cookie is for the whole host or it is none.
        if (cookie === null || (cookie.name.startsWith("__Host-") && cookie.path !== "/")) continue;
        cookies.set(`${url.origin} ${cookie.path} ${cookie.name}`, cookie);
      }
    },
    header: (url) => {
      const now = Date.now();
      const sent = [...cookies]
        .filter(([key, cookie]) => key.startsWith(`${url.origin} `) && cookie.expiresAt > now)
        .map(([, cookie]) => cookie)
        .filter(({ path }) => matches(url.pathname, path))
        .toSorted((one, other) => other.path.length - one.path.length);
      return sent.length === 0 ? null : sent.map(({ name, value }) => `${name}=${value}`).join("; ");
    },
  };
}

function parse(line: string, requestPath: string): Cookie | null {
  const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
  const equals = pair.indexOf("=");
  if (equals < 1) return null;
  const named = new Map(attributes.map((attribute) => splitAttribute(attribute)));
  const path = named.get("path");
  return {
    name: pair.slice(0, equals),
    value: pair.slice(equals + 1),
    path: path?.startsWith("/") ? path : requestPath.slice(0, Math.max(1, requestPath.lastIndexOf("/"))),
    expiresAt: expiry(named.get("max-age"), named.get("expires")),
  };
}

function splitAttribute(attribute: string): [string, string] {
  const [name = "", ...value] = attribute.split("=");
  return [name.toLowerCase(), value.join("=")];
}

/** Max-Age goes before Expires; a cookie with neither ends with the jar. */
function expiry(maxAge: string | undefined, expires: string | undefined): number {
  if (maxAge !== undefined) return Date.now() + Number(maxAge) * 1000;
  if (expires !== undefined) return Date.parse(expires);
  return Infinity;
}

function matches(requestPath: string, cookiePath: string): boolean {
  return requestPath === cookiePath || requestPath.startsWith(cookiePath.endsWith("/") ? cookiePath : `${cookiePath}/`);
}
