import { readNamedHost, type NamedHost } from "../../provider/api-hosts.ts";
import { isId } from "../../runtime/id.ts";
import { ServiceError } from "../../runtime/service-error.ts";

/** What `/proxy/{connection}/{host[:port]}/{path…}?{query}` asks for. */
export interface Target {
  connectionId: string;
  host: NamedHost;
  /** Path and query for the API, byte for byte; a slash where there is none. */
  path: string;
}

export const PREFIX = "/proxy/";

/**
 * Reads the request line as it came, and nothing that was decoded: what may be read in two ways is in the path, and that is the
 * API's to read. The host is what stands before the first slash, as a host and nothing else. Throws `invalid_request`, and
 * `not_found` for an id that nobody can have.
 */
export function readTarget(url: string): Target {
  const [, connectionId, written, rest = ""] = /^\/proxy\/([^/?#]+)\/([^/?#]+)([/?][^#]*)?$/.exec(url) ?? [];
  if (connectionId === undefined || written === undefined) throw unreadable();
  if (!isId("con", connectionId)) throw new ServiceError("not_found", "There is no such connection.");
  const host = readNamedHost(written);
  if (!host) throw unreadable();
  return { connectionId, host, path: rest.startsWith("/") ? rest : `/${rest}` };
}

function unreadable(): ServiceError {
  return new ServiceError(
    "invalid_request",
    "The proxy is asked at /proxy/{connection}/{host}/{path}, where the host is a name such as api.example.com, without https://.",
  );
}
