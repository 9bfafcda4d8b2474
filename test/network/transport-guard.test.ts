import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openTransport, serveHttp, serveTcp } from "./loopback.ts";

const BLOCKED = { kind: "failure", sent: false, reason: "blocked_address" };
const BAD_URL = { kind: "failure", sent: false, reason: "bad_url" };

function get(url: string, allowedPrivateHosts: readonly string[] = []) {
  return openTransport(allowedPrivateHosts).send({ method: "GET", url, headers: {} }, { deadlineMs: 5000 });
}

describe("private addresses are blocked", () => {
  test.each([
    "127.0.0.1",
    "127.1",
    "127.0.0.1.",
    "2130706433",
    "0x7f.1",
    "0x7f000001",
    "0177.0.0.1",
    "017700000001",
    "127.255.255.254",
    "0",
    "0.0.0.0",
    "①②⑦.⓪.⓪.①",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "169.254.169.254",
    "0xa9fea9fe",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[2002:7f00:1::]",
    "[fd00::1]",
    "[fe80::1]",
    "[fec0::1]",
  ])("written as %s, with and without TLS", async (host) => {
    expect(await get(`https://${host}/`)).toEqual(BLOCKED);
    expect(await get(`http://${host}/`)).toEqual(BLOCKED);
  });

  test.each(["localhost", "LOCALHOST"])("behind the name %s, and nobody is connected to", async (name) => {
    const server = await serveTcp((socket) => socket.destroy());
    expect(await get(`https://${name}:${server.port}/`)).toEqual(BLOCKED);
    expect(server.connections()).toBe(0);
  });

  test("whatever host is allowed beside them", async () => {
    const server = await serveTcp((socket) => socket.destroy());
    expect(await get(`https://${server.host}/`, ["localhost", "127.0.0.2"])).toEqual(BLOCKED);
    expect(await get(`https://localhost:${server.port}/`, ["127.0.0.1"])).toEqual(BLOCKED);
    expect(server.connections()).toBe(0);
  });
});

describe("a host that the operator allows", () => {
  test.each(["127.0.0.1", "localhost", "LocalHost"])("is reached as %s, without TLS too", async (host) => {
    const server = await serveHttp((_request, response) => response.end());
    expect(await get(`http://${host}:${server.port}/`, [host])).toMatchObject({ kind: "response" });
  });

  test("is reached on every port, and its subdomains are not", async () => {
    const server = await serveHttp((_request, response) => response.end());
    expect(await get(`http://sub.localhost:${server.port}/`, ["localhost"])).toEqual(BLOCKED);
    expect(server.connections()).toBe(0);
  });
});

test.each(["http://example.com/token", "http://93.184.216.34/", "http://[2606:4700::1111]/"])(
  "secrets do not travel without TLS: %s is refused",
  async (url) => {
    expect(await get(url, ["127.0.0.1"])).toEqual(BLOCKED);
  },
);

describe("a URL is refused", () => {
  test.each([
    ["with a name and a password", "https://user:pw@127.0.0.1/"],
    ["with a name", "http://user@127.0.0.1/"],
    ["with a password", "https://:pw@127.0.0.1/"],
    ["to a file", "file:///etc/hostname"],
    ["of FTP", "ftp://127.0.0.1/"],
    ["of a socket", "ws://127.0.0.1/"],
    ["of data", "data:application/json,{}"],
    ["of a script", "javascript:alert(1)"],
    ["without a scheme", "//127.0.0.1/"],
    ["without a host", "https://"],
    ["with a port that there is not", "http://127.0.0.1:99999/"],
    ["that is empty", ""],
    ["that is no URL", "not a url"],
  ])("%s", async (_what, url) => {
    expect(await get(url, ["127.0.0.1"])).toEqual(BAD_URL);
  });
});

test("no odd URL makes it throw, and none is sent", async () => {
  const transport = openTransport([]);
  const anywhere = fc.webUrl({ validSchemes: ["http", "ftp", "ws", "file"] });
  const loopback = fc.tuple(fc.nat(255), fc.string()).map(([n, path]) => `https://127.0.0.${n}/${path}`);
  const odd = fc.string().map((text) => `http://${text}`);
  const property = fc.asyncProperty(fc.oneof(fc.string(), odd, anywhere, loopback), async (url) => {
    const result = await transport.send({ method: "GET", url, headers: {} }, { deadlineMs: 1000 });
    expect(result).toMatchObject({ kind: "failure", sent: false });
  });
  await fc.assert(property);
});
