import type { HeaderLines } from "../../oauth/api-transport.ts";
import { originOf, type ApiHost } from "../../provider/api-hosts.ts";
import { isUrl } from "../../runtime/is-url.ts";
import { PREFIX } from "./target.ts";

export interface ProxiedAddress {
  /** Of the request at the API: what relative addresses in its answer are relative to. */
  url: string;
  connectionId: string;
  hosts: readonly ApiHost[];
  publicUrl: string;
}

/**
 * Where an answer sends its reader on, to a host that the proxy leads to as well, it leads there through the proxy: else the reader
 * would go on without a token, and some would show the API their key for this service. Other addresses stay as they are, and so does
 * the body.
 */
export function throughProxy(headers: HeaderLines, address: ProxiedAddress): HeaderLines {
  return headers.map(([name, value]) => [name, rewritten(name.toLowerCase(), value, address)] as const);
}

function rewritten(name: string, value: string, address: ProxiedAddress): string {
  // Without a host, so that it leads to wherever the caller reached this service.
  if (name === "location") return pathThrough(value, address) ?? value;
  if (name !== "link") return value;
  // RFC 8288 §3. Readers of it seldom resolve what is relative.
  const { origin } = new URL(address.publicUrl);
  return value.replaceAll(/<([^<>]*)>/g, (whole, target: string) => {
    const path = pathThrough(target, address);
    return path === null ? whole : `<${origin}${path}>`;
  });
}

/** Null where the proxy does not lead to `reference`. */
function pathThrough(reference: string, { url, connectionId, hosts, publicUrl }: ProxiedAddress): string | null {
  if (!isUrl(reference, url)) return null;
  const { origin, host, hostname, port, pathname, search, hash, username } = new URL(reference, url);
  const named = { name: hostname, port: port === "" ? null : Number(port) };
  if (username !== "" || originOf(hosts, named) !== origin) return null;
  const base = new URL(publicUrl).pathname.replace(/\/$/, "");
  return `${base}${PREFIX}${connectionId}/${host}${pathname}${search}${hash}`;
}
