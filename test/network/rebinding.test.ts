import type { LookupAddress } from "node:dns";
import { describe, expect, onTestFinished, test } from "vitest";
import { guardedLookup } from "../../src/network/guard.ts";
import { createTransport } from "../../src/network/transport.ts";
import { serveHttp, serveTcp } from "./loopback.ts";
import { startNameServer, type NameRecord, type NameServer } from "./name-server.ts";

const NAME = "provider.example";
const BLOCKED = { kind: "failure", sent: false, reason: "blocked_address" };

const a = (data: string, name = NAME): NameRecord => ({ name, type: "A", data });
const aaaa = (data: string, name = NAME): NameRecord => ({ name, type: "AAAA", data });
const cname = (name: string, data: string): NameRecord => ({ name, type: "CNAME", data });

/** A name server that always says the same of every name. */
function saying(...records: NameRecord[]): Promise<NameServer> {
  return startNameServer(({ type }) => records.filter((record) => record.type === type || record.type === "CNAME"));
}

function open({ lookup }: NameServer, allowedPrivateHosts: readonly string[] = []) {
  const transport = createTransport({ allowedPrivateHosts, proxyFor: () => "", lookup });
  onTestFinished(() => transport.close());
  return (url: string) => transport.send({ method: "GET", url, headers: {} }, { deadlineMs: 5000 });
}

/** What a socket would be given to connect to. */
function judge(names: NameServer, name = NAME): Promise<string[] | string> {
  return new Promise((resolve) =>
    guardedLookup(new Set(), names.lookup)(name, { all: true }, (error, addresses) =>
      resolve(error ? String(Reflect.get(error, "code")) : found(addresses).map(({ address }) => address)),
    ),
  );
}

const found = (addresses: string | LookupAddress[]) => (typeof addresses === "string" ? [] : addresses);

test("a name that is public at first and private from then on is not connected to at its private address", async () => {
  const server = await serveTcp((socket) => socket.destroy());
  const names = await startNameServer(({ type }, asked) =>
    [a(asked === 1 ? "8.8.8.8" : "127.0.0.1"), aaaa(asked === 1 ? "2606:4700::1111" : "::1")].filter(
      (record) => record.type === type,
    ),
  );
  expect(await judge(names)).toEqual(["8.8.8.8", "2606:4700::1111"]);
  expect(await open(names)(`https://${NAME}:${server.port}/`)).toEqual(BLOCKED);
  expect(server.connections()).toBe(0);
});

test("what was judged is what is connected to: nobody asks for the name a second time", async () => {
  const right = await serveHttp((_request, response) => response.end("right"));
  const names = await startNameServer(({ type }, asked) =>
    type === "A" ? [a(asked === 1 ? "127.0.0.1" : "127.0.0.99")] : [],
  );
  const answer = await open(names, [NAME])(`http://${NAME}:${right.port}/`);
  expect(answer).toMatchObject({ kind: "response", response: { status: 200 } });
  expect(names.questions.filter(({ type }) => type === "A")).toHaveLength(1);
  expect(right.connections()).toBe(1);
});

describe("of several addresses only the public ones are connected to", () => {
  test("of one family", async () => {
    const names = await saying(a("10.0.0.1"), a("8.8.8.8"), a("127.0.0.1"), a("9.9.9.9"));
    expect(await judge(names)).toEqual(["8.8.8.8", "9.9.9.9"]);
  });

  test("of both families", async () => {
    expect(await judge(await saying(a("8.8.8.8"), aaaa("::1")))).toEqual(["8.8.8.8"]);
    expect(await judge(await saying(a("192.168.0.1"), aaaa("2606:4700::1111")))).toEqual(["2606:4700::1111"]);
    expect(await judge(await saying(a("8.8.8.8"), aaaa("fd00::1"), aaaa("64:ff9b::7f00:1")))).toEqual(["8.8.8.8"]);
  });
});

describe("private addresses alone are blocked", () => {
  test.each([
    ["IPv4", [a("127.0.0.1")]],
    ["IPv6", [aaaa("::1")]],
    ["mapped IPv4", [aaaa("::ffff:7f00:1")]],
    ["both", [a("169.254.169.254"), aaaa("fd00:ec2::254")]],
    ["an alias of a private name", [cname(NAME, "inside.example"), a("127.0.0.1", "inside.example")]],
    [
      "an alias of an alias",
      [
        cname(NAME, "b.example"),
        cname("b.example", "localhost"),
        a("127.0.0.1", "localhost"),
        aaaa("::1", "localhost"),
      ],
    ],
  ])("%s", async (_what, records) => {
    const server = await serveTcp((socket) => socket.destroy());
    const names = await saying(...records);
    expect(await judge(names)).toBe("EVERGRANT_BLOCKED_ADDRESS");
    expect(await open(names)(`https://${NAME}:${server.port}/`)).toEqual(BLOCKED);
    expect(server.connections()).toBe(0);
  });
});

test("an alias of a public name is followed, and judged by its address", async () => {
  const names = await saying(cname(NAME, "cdn.example"), a("8.8.4.4", "cdn.example"));
  expect(await judge(names)).toEqual(["8.8.4.4"]);
});

test("an allowed name is allowed by what was written, not by what it is an alias of", async () => {
  const server = await serveTcp((socket) => socket.destroy());
  const names = await saying(cname(NAME, "allowed.example"), a("127.0.0.1", "allowed.example"));
  const send = open(names, ["allowed.example"]);
  expect(await send(`https://${NAME}:${server.port}/`)).toEqual(BLOCKED);
  expect(server.connections()).toBe(0);
});

test("a name that nobody knows is said to be unknown, not blocked", async () => {
  const result = await open(await saying())(`https://${NAME}/`);
  expect(result).toEqual({ kind: "failure", sent: false, reason: "dns" });
});
