import { isUrl } from "../runtime/is-url.ts";

/** An IPv4 or IPv6 address as a number. One that is mapped into IPv6 (RFC 4291 §2.5.5.2) is its IPv4 address. */
export interface Address {
  bits: 32 | 128;
  value: bigint;
}

/** All addresses that share the first `prefix` bits, such as `10.0.0.0/8` (RFC 4632 §3.1) or `2001:db8::/32` (RFC 4291 §2.3). */
export interface AddressBlock {
  first: Address;
  prefix: number;
}

export function isWithin({ first, prefix }: AddressBlock, address: Address): boolean {
  if (first.bits !== address.bits) return false;
  const rest = BigInt(first.bits - prefix);
  return first.value >> rest === address.value >> rest;
}

/** One address is a block of itself. Null for anything that is no block. */
export function parseBlock(text: string): AddressBlock | null {
  const [, start = "", length] = /^([^/%]{2,45})(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const address = parseAddress(start);
  if (!address) return null;
  // The prefix of a mapped address is counted from the beginning of the IPv6 address.
  const skipped = address.bits === 32 && start.includes(":") ? 96 : 0;
  const prefix = length === undefined ? address.bits : Number(length) - skipped;
  return prefix >= 0 && prefix <= address.bits ? blockOf(address, prefix) : null;
}

/** As RFC 5952 and RFC 4632 write it: without bits beyond the prefix, and always with a prefix. */
export function formatBlock({ first, prefix }: AddressBlock): string {
  return `${formatAddress(first)}/${prefix}`;
}

export function blockOf({ bits, value }: Address, prefix: number): AddressBlock {
  const rest = BigInt(bits - prefix);
  return { first: { bits, value: (value >> rest) << rest }, prefix };
}

/** Null for anything that is no address. A zone (RFC 4007 §11) is left out: it names an interface of this machine. */
export function parseAddress(text: string): Address | null {
  const four = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (four) return parseFour(four.slice(1));
  const six = /^([\da-f:.]{2,45})(?:%[^%]{1,64})?$/i.exec(text);
  return six ? parseSix(six[1] ?? "") : null;
}

/** An octet with a leading zero is refused: some read it as octal. */
function parseFour(octets: readonly string[]): Address | null {
  if (octets.some((octet) => Number(octet) > 255 || /^0\d/.test(octet))) return null;
  return { bits: 32, value: octets.reduce((value, octet) => value * 256n + BigInt(octet), 0n) };
}

/** The host of a URL is an address in its shortest form (WHATWG URL §3.5), whose gap is then filled. */
function parseSix(text: string): Address | null {
  const url = `http://[${text}]`;
  if (!isUrl(url)) return null;
  const [head = "", tail] = new URL(url).hostname.slice(1, -1).split("::");
  const groups = groupsOf(head);
  const rest = tail === undefined ? [] : groupsOf(tail);
  const gap = Array<string>(8 - groups.length - rest.length).fill("0");
  const value = [...groups, ...gap, ...rest].reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
  return value >> 32n === 0xffffn ? { bits: 32, value: value & 0xffffffffn } : { bits: 128, value };
}

function groupsOf(text: string): string[] {
  return text === "" ? [] : text.split(":");
}

export function formatAddress({ bits, value }: Address): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 65_535n).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}
