import { isIP } from "node:net";
import { isUrl } from "../runtime/is-url.ts";
import { secret, type Secret } from "../runtime/secret.ts";

/** A mail server, and how to sign in there. */
export interface SmtpServer {
  host: string;
  port: number;
  /** From the first byte on, or by STARTTLS (RFC 8314, RFC 3207). Null: not at all, to this machine itself. */
  tls: "implicit" | "required" | "if_offered" | null;
  /** Null where it asks for none. */
  login: { user: string; password: Secret<string> } | null;
}

/**
 * `smtps://user:password@host` or `smtp://…`, special characters percent-encoded. Passwords and mails travel under TLS: only to this
 * machine they need not, and to the private hosts that the operator allows they do if the server offers it. Null for anything else.
 */
export function parseSmtpUrl(text: string, allowedPrivateHosts: readonly string[]): SmtpServer | null {
  const url = isUrl(text) ? new URL(text) : null;
  if (!url || !/^smtps?:$/.test(url.protocol) || url.hostname === "" || !/^\/?$/.test(url.pathname)) return null;
  if (url.search !== "" || url.hash !== "") return null;
  const isImplicit = url.protocol === "smtps:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const login = loginOf(url);
  if (login === undefined) return null;
  return {
    host,
    port: Number(url.port || (isImplicit ? 465 : 587)),
    tls: isImplicit ? "implicit" : tlsTo(host.toLowerCase(), allowedPrivateHosts),
    login,
  };
}

function tlsTo(host: string, allowedPrivateHosts: readonly string[]): SmtpServer["tls"] {
  if (isThisMachine(host)) return null;
  return allowedPrivateHosts.some((each) => each.toLowerCase() === host) ? "if_offered" : "required";
}

function isThisMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** Undefined where it cannot be read. */
function loginOf({ username, password }: URL): SmtpServer["login"] | undefined {
  if (username === "" && password === "") return null;
  try {
    return { user: decodeURIComponent(username), password: secret(decodeURIComponent(password)) };
  } catch {
    return undefined;
  }
}
