import type { IncomingMessage } from "node:http";
import { formatAddress, isWithin, parseAddress, type AddressBlock } from "../access/address-block.ts";

/** From where a request comes; null when that cannot be known. */
export type PeerAddress = (request: IncomingMessage) => string | null;

/**
 * The address of the socket's other end; or, where that is a proxy that is trusted, the last address in `X-Forwarded-For` that is
 * not: each proxy adds the one that it was called from, and what stands before may be anybody's invention.
 */
export function createPeerAddress(trusted: readonly AddressBlock[]): PeerAddress {
  function isTrusted(text: string): boolean {
    const address = parseAddress(text);
    return address !== null && trusted.some((block) => isWithin(block, address));
  }

  return (request) => {
    const peer = withoutMapping(request.socket.remoteAddress);
    if (trusted.length === 0 || peer === null || !isTrusted(peer)) return peer;
    let nearest: string | null = peer;
    for (const hop of hopsOf(request).toReversed()) {
      nearest = addressOf(hop);
      // What a trusted proxy calls by another name than an address is not known here.
      if (nearest === null || !isTrusted(nearest)) break;
    }
    return nearest;
  };
}

/** A socket that listens to both families shows IPv4 addresses as IPv6 (RFC 4291 §2.5.5.2). */
function withoutMapping(address: string | undefined): string | null {
  if (address === undefined) return null;
  return address.startsWith("::ffff:") ? (addressOf(address) ?? address) : address;
}

function hopsOf({ headers }: IncomingMessage): string[] {
  const list = headers["x-forwarded-for"];
  return (Array.isArray(list) ? list.join() : (list ?? "")).split(",").filter((hop) => hop.trim() !== "");
}

/** Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function addressOf(hop: string): string | null {
  const text = hop.trim();
  const bare = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(text)?.[1] ?? text;
  const address = parseAddress(bare);
  return address && formatAddress(address);
}
