import { lookup as systemLookup, type LookupAddress, type LookupOptions } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { isUrl } from "../runtime/is-url.ts";
import { isPrivateAddress } from "./address.ts";

/** An address written into the URL is never looked up, so it is judged here; names are judged in the lookup. */
export function refusedUrl(text: string, allowed: ReadonlySet<string>): "bad_url" | "blocked_address" | null {
  const url = isUrl(text) ? new URL(text) : null;
  if (!url || !["http:", "https:"].includes(url.protocol) || url.username !== "" || url.password !== "")
    return "bad_url";
  // No name has an empty label (RFC 1035 §3.1), and who looks one up may see an address in what is left.
  if (/^\.|\.\./.test(url.hostname)) return "bad_url";
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (allowed.has(host)) return null;
  // Secrets travel only under TLS, or inside the operator's own network.
  if (url.protocol === "http:") return "blocked_address";
  const isPrivate = isIP(host) === 0 ? LOOPBACK_NAME.test(host) : isPrivateAddress(host);
  return isPrivate ? "blocked_address" : null;
}

/** RFC 6761 §6.3. Behind a proxy nobody here looks a name up, and these would be the proxy's own machine. */
const LOOPBACK_NAME = /(^|\.)localhost\.?$/;

/** Looks a name up: all of its addresses. */
export type Lookup = (
  hostname: string,
  options: LookupOptions & { all: true },
  callback: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

class BlockedAddress extends Error {
  readonly code = "EVERGRANT_BLOCKED_ADDRESS";
}

/** Judges a name by what the socket itself will connect to, so that no second answer of a DNS server gets past the check. */
export function guardedLookup(allowed: ReadonlySet<string>, lookup: Lookup = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, "", 0);
      const usable = allowed.has(hostname.toLowerCase())
        ? addresses
        : addresses.filter(({ address }) => !isPrivateAddress(address));
      answer(usable, options, callback);
    });
  };
}

function answer(addresses: LookupAddress[], options: LookupOptions, callback: Parameters<LookupFunction>[2]): void {
  const [first] = addresses;
  if (!first) return callback(new BlockedAddress("The name leads to private addresses only."), "", 0);
  if (options.all === true) return callback(null, addresses);
  callback(null, first.address, first.family);
}
