import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { parseBlock } from "../../src/access/address-block.ts";
import { createPeerAddress } from "../../src/api/peer-address.ts";

/** What is made of a request from `peer` that says in `X-Forwarded-For` where it is from. */
function seen(peer: string | undefined, forwarded?: string, trusted = ["10.0.0.0/8", "2001:db8::/32"]): string | null {
  const socket = Object.defineProperty(new Socket(), "remoteAddress", { value: peer });
  const request = new IncomingMessage(socket);
  if (forwarded !== undefined) request.headers["x-forwarded-for"] = forwarded;
  return createPeerAddress(trusted.map(parseBlock).filter((block) => block !== null))(request);
}

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["2001:db9::1", "2001:db9::1"],
  ["fe80::1%eth0", "fe80::1%eth0"],
  [undefined, null],
])("the other end of the socket is %s", (peer, address) => {
  expect(seen(peer)).toBe(address);
  expect(seen(peer, "198.51.100.1")).toBe(address);
});

test("nobody is believed when no proxy is trusted", () => {
  expect(seen("10.0.0.1", "198.51.100.1", [])).toBe("10.0.0.1");
});

test.each([
  ["", "10.0.0.1"],
  [" , ", "10.0.0.1"],
  ["198.51.100.1", "198.51.100.1"],
  ["192.0.2.66, 198.51.100.1", "198.51.100.1"],
  ["10.9.9.9, 198.51.100.1", "198.51.100.1"],
  ["198.51.100.1, 10.0.0.2,2001:db8::2", "198.51.100.1"],
  ["::ffff:198.51.100.1, ::ffff:10.0.0.2", "198.51.100.1"],
  ["10.0.0.3, 10.0.0.2", "10.0.0.3"],
  ["198.51.100.1:4711", "198.51.100.1"],
  ["[2001:DB9:0::1]:4711", "2001:db9::1"],
  ["[2001:db9::1]", "2001:db9::1"],
  ["unknown", null],
  ["198.51.100.1, unknown", null],
  ["198.51.100.1, _hidden, 10.0.0.2", null],
])("behind a trusted proxy, %j is from %s", (forwarded, address) => {
  expect(seen("10.0.0.1", forwarded)).toBe(address);
  expect(seen("::ffff:10.0.0.1", forwarded)).toBe(address);
});
