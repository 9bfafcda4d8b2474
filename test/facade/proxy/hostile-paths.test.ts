import { expect, test } from "vitest";
import { serveTcp } from "../../network/loopback.ts";
import { exchangeRaw, openScripted } from "./scripted-api.ts";

test("hosts that nobody allowed are not asked, whatever is written to get there", async () => {
  const proxied = await openScripted();
  const { stage, connectionId, at, seen, api } = proxied;
  const evil = await serveTcp((socket) => socket.destroy());
  const key = stage.adminKey;
  const asking = (path: string, more = "") =>
    exchangeRaw(
      proxied,
      `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nevergrant-key: ${key}\r\n${more}\r\n`,
    );
  const { host } = api;
  for (const written of [
    evil.host,
    `${host}@${evil.host}`,
    `${host}%23@${evil.host}`,
    `${host}\\@${evil.host}`,
    `/${evil.host}`,
    `http://${evil.host}`,
    `localhost:${evil.port}`,
    `127.1:${evil.port}`,
    `0x7f000001:${evil.port}`,
    `[::ffff:127.0.0.1]:${evil.port}`,
  ]) {
    expect([written, await asking(`/proxy/${connectionId}/${written}/`)]).toEqual([
      written,
      expect.stringMatching(/^HTTP\/1\.1 400 [^]*"code":"(host_not_allowed|invalid_request)"/),
    ]);
  }
  expect(seen).toEqual([]);
  // What follows the host is the API's to read, and stays one request line.
  for (const path of [
    `/@${evil.host}/`,
    `/..//${evil.host}`,
    "/%0d%0aHost:%20evil%0d%0a%0d%0aGET%20/smuggled",
    "/a\\..\\b",
    "/%2e%2e/%2e%2e/x",
    `/?u=http://${evil.host}/`,
  ]) {
    expect([path, await asking(at(path), `host2: ${evil.host}\r\n`)]).toEqual([
      path,
      expect.stringMatching(/^HTTP\/1\.1 200/),
    ]);
    expect(seen.at(-1)?.headers.host).toBe(host);
    expect(seen.at(-1)?.url).toBe(path);
  }
  expect(evil.connections()).toBe(0);
}, 60_000);
