import type { IncomingHttpHeaders } from "node:http";
import { SESSION_LIFE } from "../access/operator-session.ts";
import { SECOND } from "../runtime/clock.ts";

/** The cookie of an operator's session. */
export interface OperatorCookie {
  /** Values of a `Set-Cookie` header: to keep it, and to forget it. */
  set(value: string): string;
  clear(): string;
  /** Its value; null when it is not there. */
  read(headers: IncomingHttpHeaders): string | null;
}

/**
 * Under https it has the `__Host-` prefix, so that no other host can set it; under plain http, which is for the loopback, browsers
 * would refuse that. `SameSite=Strict`: no link and no form of another site takes it along.
 */
export function createOperatorCookie(publicUrl: string): OperatorCookie {
  const secure = publicUrl.startsWith("https:");
  const name = secure ? "__Host-evergrant_operator" : "evergrant_operator";
  const attributes = `Path=/; HttpOnly; SameSite=Strict${secure ? "; Secure" : ""}`;
  return {
    set: (value) => `${name}=${value}; ${attributes}; Max-Age=${SESSION_LIFE / SECOND}`,
    clear: () => `${name}=; ${attributes}; Max-Age=0`,
    read: ({ cookie = "" }) => {
      const pair = cookie.split(/;\s*/).find((part) => part.startsWith(`${name}=`));
      const value = pair?.slice(name.length + 1) ?? "";
      return /^[\w.-]{1,200}$/.test(value) ? value : null;
    },
  };
}
