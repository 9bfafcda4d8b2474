import { BlockList, isIP } from "node:net";

/** IPv4 addresses that no public server has (RFC 6890 and its registry). */
const PRIVATE_IPV4 = blockList("ipv4", [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
]);

/**
 * Servers have IPv6 addresses of 2000::/3 alone (RFC 4291 §2.4). So an IPv4 address that is carried in any other is not public,
 * whichever it is; and neither are those parts of 2000::/3 that carry one or are for examples.
 */
const PRIVATE_IPV6 = blockList("ipv6", [
  ["::", 3],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
  ["4000::", 2],
  ["8000::", 1],
]);

const IPV4_MAPPED = blockList("ipv6", [["::ffff:0:0", 96]]);

/** True for loopback, private, link-local, reserved and translated addresses; IPv4-mapped IPv6 is judged by its IPv4 part. */
export function isPrivateAddress(address: string): boolean {
  if (isIP(address) !== 6) return PRIVATE_IPV4.check(address, "ipv4");
  return (IPV4_MAPPED.check(address, "ipv6") ? PRIVATE_IPV4 : PRIVATE_IPV6).check(address, "ipv6");
}

function blockList(family: "ipv4" | "ipv6", networks: readonly [string, number][]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of networks) list.addSubnet(network, prefix, family);
  return list;
}
