import { describe, expect, onTestFinished, test } from "vitest";
import { guardedLookup, refusedUrl, type Lookup } from "../../src/network/guard.ts";
import { createTransport } from "../../src/network/transport.ts";
import { readBuiltInProviders } from "../../src/service/built-in-providers.ts";
import { FORBIDDEN } from "./forbidden-destinations.ts";
import { LEGITIMATE } from "./legitimate-destinations.ts";
import { openTransport, serveHttp, serveTcp } from "./loopback.ts";

/** A name server that has been bought: every name is here. */
const everythingIsHere: Lookup = (_name, _options, callback) =>
  callback(null, [
    { address: "127.0.0.1", family: 4 },
    { address: "::1", family: 6 },
  ]);

/** What a caller may be told of a URL that was not even tried. */
const REFUSALS = ["blocked_address", "bad_url"];

test("there are many spellings, and none is there twice", () => {
  const all = Object.values(FORBIDDEN).flat();
  expect(all.length).toBeGreaterThan(200);
  expect(new Set(all).size).toBe(all.length);
});

describe("a forbidden destination is refused, and nobody is connected to", () => {
  test.each(Object.entries(FORBIDDEN))("%s", async (_trick, urls) => {
    const server = await serveTcp((socket) => socket.destroy());
    const transport = createTransport({ allowedPrivateHosts: [], proxyFor: () => "", lookup: everythingIsHere });
    onTestFinished(() => transport.close());
    for (const spelling of urls) {
      const url = spelling.replaceAll("PORT", String(server.port));
      const result = await transport.send({ method: "POST", url, headers: {}, body: "secret" }, { deadlineMs: 5000 });
      expect([url, result]).toMatchObject([url, { kind: "failure", sent: false }]);
      expect([url, result]).toMatchObject([url, { reason: expect.toBeOneOf(REFUSALS) }]);
    }
    expect(server.connections()).toBe(0);
  });

  test("where a server that may be reached sends it with a redirect", async () => {
    const target = await serveTcp((socket) => socket.destroy());
    const places = Object.values(FORBIDDEN)
      .flat()
      .filter((url) => /^[\x21-\x7e]{1,500}$/.test(url));
    const source = await serveHttp((request, response) => {
      const location = (places[Number(request.url?.slice(1))] ?? "").replaceAll("PORT", String(target.port));
      response.writeHead(307, { location }).end();
    });
    const transport = openTransport(["127.0.0.1"]);
    expect(places.length).toBeGreaterThan(100);
    for (const index of places.keys()) {
      const url = `http://${source.host}/${index}`;
      const result = await transport.send({ method: "POST", url, headers: {}, body: "secret" }, { deadlineMs: 5000 });
      expect(result).toMatchObject({ kind: "response", response: { status: 307 } });
    }
    expect([source.paths.length, target.connections()]).toEqual([places.length, 0]);
  });
});

test("a proxy is asked for no forbidden address, and for none of its own machine's names", async () => {
  const targets: string[] = [];
  const proxy = await serveTcp((socket) =>
    socket.once("data", (head) => {
      targets.push(/^CONNECT (\S+) /.exec(head.toString())?.[1] ?? "");
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    }),
  );
  const transport = openTransport([], `http://${proxy.host}`);
  for (const spelling of Object.values(FORBIDDEN).flat()) {
    const url = spelling.replaceAll("PORT", "8443");
    const result = await transport.send({ method: "GET", url, headers: {} }, { deadlineMs: 5000 });
    expect([url, result]).toMatchObject([url, { kind: "failure", sent: false }]);
  }
  // What is left are names that only who looks them up can judge.
  expect(targets).toContain("localtest.me:8443");
  expect(targets.filter((target) => /^[\d.]+:|^\[|(^|\.)localhost\.*:/i.test(target))).toEqual([]);
});

describe("a legitimate destination is not refused", () => {
  test.each(LEGITIMATE)("%s", (url) => {
    expect(refusedUrl(url, new Set())).toBeNull();
  });

  test("nor is any address of the catalogue", () => {
    const urls = readBuiltInProviders().flatMap((provider) =>
      [provider.token_url, provider.refresh_url, provider.revocation_url, provider.userinfo_url].filter(
        (url) => url !== null,
      ),
    );
    expect(urls.length).toBeGreaterThan(150);
    const refused = urls.filter((url) => refusedUrl(url.replaceAll(/\{\w+\}/g, "x"), new Set()) !== null);
    expect(refused).toEqual([]);
  });
});

describe("what a name leads to is judged whatever form it is told in", () => {
  test.each([
    "127.0.0.1",
    "::1",
    "::ffff:127.0.0.1",
    "fe80::1%lo",
    "fe80::1%1",
    "::ffff:10.0.0.1%eth0",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
  ])("%s", async (address) => {
    const told: Lookup = (_name, _options, callback) => callback(null, [{ address, family: 6 }]);
    for (const all of [true, false]) {
      const error = await new Promise((resolve) => guardedLookup(new Set(), told)("name.example", { all }, resolve));
      expect(error).toMatchObject({ code: "EVERGRANT_BLOCKED_ADDRESS" });
    }
  });
});
