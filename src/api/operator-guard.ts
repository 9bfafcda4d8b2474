import type { Admission } from "../access/admission.ts";
import type { OperatorSessions } from "../access/operator-session.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { OperatorGuard } from "./guard.ts";
import type { OperatorCookie } from "./operator-cookie.ts";

export interface OperatorGuardDeps {
  admission: Pick<Admission, "identifyOperator">;
  sessions: Pick<OperatorSessions, "isCsrfToken">;
  cookie: OperatorCookie;
  publicUrl: string;
}

const READS: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/**
 * Lets a browser in by its cookie, if the request comes from a page of ours. `SameSite=Strict` keeps other sites out, and other
 * hosts of the same site are kept out by where the browser says that the request comes from; what changes something needs the
 * session's own token too. Null without a cookie.
 */
export function createOperatorGuard({ admission, sessions, cookie, publicUrl }: OperatorGuardDeps): OperatorGuard {
  const ourOrigin = new URL(publicUrl).origin;

  return async (request, from) => {
    const value = cookie.read(request.headers);
    if (value === null) return null;
    const caller = await admission.identifyOperator(value, from);
    const { "sec-fetch-site": site, origin } = request.headers;
    const isRead = READS.has(request.method);
    const isOurs = site === undefined ? origin !== undefined : site === "same-origin" || (isRead && site === "none");
    const isForeign = (site !== undefined && !isOurs) || (origin !== undefined && origin !== ourOrigin);
    if (isForeign || (!isRead && !isOurs)) {
      throw new ServiceError("forbidden", "An operator's session is good for pages of this service only.");
    }
    const csrfToken = request.headers["x-csrf-token"];
    if (!isRead && !(typeof csrfToken === "string" && sessions.isCsrfToken(caller.keyId, csrfToken))) {
      throw new ServiceError(
        "forbidden",
        "Send the session's CSRF token as `x-csrf-token` with what changes something.",
      );
    }
    return caller;
  };
}
