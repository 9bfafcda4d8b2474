import { BlockList } from "node:net";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatAddress, formatBlock, isWithin, parseAddress, parseBlock } from "../../src/access/address-block.ts";

/** As it is kept, or null for what is no block. */
function canonical(text: string): string | null {
  const block = parseBlock(text);
  return block && formatBlock(block);
}

function within(block: string, address: string): boolean {
  const [parsed, found] = [parseBlock(block), parseAddress(address)];
  if (!parsed || !found) throw new Error(`${block} or ${address} is not valid`);
  return isWithin(parsed, found);
}

describe("a block of addresses", () => {
  test.each([
    ["10.1.2.3/8", "10.0.0.0/8"],
    ["192.0.2.1", "192.0.2.1/32"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["255.255.255.255/31", "255.255.255.254/31"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1/128"],
    ["2001:0db8:ffff::/33", "2001:db8:8000::/33"],
    ["::/0", "::/0"],
    ["::1", "::1/128"],
    ["fe80::1%eth0/64", null],
    ["::ffff:10.1.2.3/104", "10.0.0.0/8"],
    ["::ffff:10.1.2.3", "10.1.2.3/32"],
    ["::ffff:0a01:0203/128", "10.1.2.3/32"],
  ])("%s is kept as %s", (text, kept) => {
    expect(canonical(text)).toBe(kept);
  });

  test.each([
    "",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/",
    "10.0.0/8",
    "10.0.0.0/8/8",
    "010.0.0.1",
    "0x7f.0.0.1",
    "256.0.0.1",
    "2130706433",
    "::/129",
    ":::",
    "1::2::3",
    "12345::",
    "::ffff:10.0.0.0/95",
    "::ffff:010.0.0.1",
    "example.com",
    "10.0.0.1]/8",
    "10.0.0.1%eth0",
    "a".repeat(60),
  ])("%j is none", (text) => {
    expect(parseBlock(text)).toBeNull();
  });

  test("has the addresses that Node's own list says, for any", () => {
    const four = fc.record({ family: fc.constant("ipv4" as const), address: fc.ipV4(), length: fc.nat(32) });
    const six = fc.record({ family: fc.constant("ipv6" as const), address: fc.ipV6(), length: fc.nat(128) });
    const near = fc.record({ block: fc.oneof(four, six), flipped: fc.nat(127) });
    const property = fc.property(near, ({ block: { family, address, length }, flipped }) => {
      const start = parseAddress(address);
      fc.pre(start?.bits === (family === "ipv4" ? 32 : 128));
      const other = formatAddress({ ...start, value: start.value ^ (1n << BigInt(flipped % start.bits)) });
      fc.pre(parseAddress(other)?.bits === start.bits);
      const list = new BlockList();
      list.addSubnet(formatAddress(start), length, family);
      expect(within(`${address}/${length}`, other)).toBe(list.check(other, family));
      expect(within(`${address}/${length}`, address)).toBe(true);
    });
    fc.assert(property, { numRuns: 500 });
  });

  test("never has one of the other family", () => {
    expect([within("0.0.0.0/0", "::1"), within("::/0", "127.0.0.1")]).toEqual([false, false]);
  });
});

describe("an address", () => {
  test("comes back in its shortest form, whatever it is", () => {
    const property = fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const address = parseAddress(text);
      if (!address) throw new Error(`${text} is refused`);
      expect(parseAddress(formatAddress(address))).toEqual(address);
    });
    fc.assert(property);
  });

  test("is known without the zone of the machine that saw it", () => {
    expect(parseAddress("fe80::1%eth0")).toEqual({ bits: 128, value: (0xfe80n << 112n) + 1n });
  });
});
