import type { Output } from "../terminal/output.ts";
import type { CredentialDescription } from "./credential-description.ts";

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/** Whether the token may go where git is: to the host that was named, if one was, and to none that could be overheard. */
export function isMeant(wanted: CredentialDescription, host: string | undefined, output: Output): boolean {
  const asked = wanted.get("host") ?? "";
  if (host !== undefined && host.toLowerCase() !== asked.toLowerCase()) return false;
  const protocol = wanted.get("protocol");
  if (protocol === "https" || (protocol === "http" && LOOPBACK.test(asked))) return true;
  // RFC 6750 §5.3.
  output.remark("Evergrant gives its access token to servers with https only.");
  return false;
}
