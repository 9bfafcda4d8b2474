import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPrivateAddress } from "../../src/network/address.ts";

describe("addresses of no public server (RFC 6890)", () => {
  test.each([
    ["this host", "0.0.0.0", "0.255.255.255"],
    ["private", "10.0.0.0", "10.255.255.255"],
    ["shared by a carrier", "100.64.0.0", "100.127.255.255"],
    ["loopback", "127.0.0.0", "127.255.255.255"],
    ["link-local", "169.254.0.0", "169.254.255.255"],
    ["private", "172.16.0.0", "172.31.255.255"],
    ["protocol assignments", "192.0.0.0", "192.0.0.255"],
    ["documentation", "192.0.2.0", "192.0.2.255"],
    ["private", "192.168.0.0", "192.168.255.255"],
    ["relays of tunnels", "192.88.99.0", "192.88.99.255"],
    ["benchmarks", "198.18.0.0", "198.19.255.255"],
    ["documentation", "198.51.100.0", "203.0.113.255"],
    ["multicast and reserved", "224.0.0.0", "255.255.255.255"],
    ["loopback and compatible", "::", "::ffff"],
    ["mapped loopback", "::ffff:127.0.0.1", "::ffff:7f00:1"],
    ["mapped in an old way", "::ffff:0:7f00:1", "::ffff:0:127.0.0.1"],
    ["loopback of an interface", "::1%lo", "fe80::1%eth0"],
    ["given to nobody", "::1:0:0:0", "1fff:ffff::"],
    ["given to nobody", "4000::", "fbff::"],
    ["translated", "64:ff9b::", "64:ff9b::ffff:ffff"],
    ["translated, local", "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"],
    ["discarded", "100::", "100::ffff:ffff:ffff:ffff"],
    ["tunnelled", "2001::1", "2002:7f00:1::"],
    ["documentation", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["documentation", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["segment routing", "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["unique local", "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["link-local", "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["site-local", "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
    ["multicast", "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"],
  ])("%s: %s and %s", (_what, first, last) => {
    expect([isPrivateAddress(first), isPrivateAddress(last)]).toEqual([true, true]);
  });
});

test.each([
  "1.1.1.1",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "126.255.255.255",
  "128.0.0.0",
  "169.253.255.255",
  "172.15.255.255",
  "172.32.0.0",
  "192.167.255.255",
  "192.169.0.0",
  "223.255.255.255",
  "2600::1",
  "2a00:1450:4001:80b::200e",
  "::ffff:8.8.8.8",
])("%s is public", (address) => {
  expect(isPrivateAddress(address)).toBe(false);
});

test("an IPv4 address is judged alike when it is written as IPv6", () => {
  const property = fc.property(fc.ipV4(), (address) => {
    expect(isPrivateAddress(`::ffff:${address}`)).toBe(isPrivateAddress(address));
  });
  fc.assert(property, { numRuns: 1000 });
});
