import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { openTunnel } from "../../src/network/tunnel.ts";
import { freePort } from "../stage/free-port.ts";
import { openTransport, serveTcp } from "./loopback.ts";

const TARGET = "provider.example:443";

/** A proxy that answers every request so; and what it was asked. */
async function startProxy(answer: (socket: Socket) => void) {
  const heads: string[] = [];
  const { host } = await serveTcp((socket) =>
    socket.once("data", (head) => {
      heads.push(head.toString());
      answer(socket);
    }),
  );
  return { host, heads };
}

const opens = (socket: Socket) => socket.write("HTTP/1.1 200 OK\r\n\r\n");

test("a tunnel is asked for by host and port, and carries bytes both ways", async () => {
  const proxy = await startProxy((socket) => {
    opens(socket);
    socket.on("data", (bytes: Buffer) => socket.write(`echo ${bytes.toString()}`));
  });
  const tunnel = await openTunnel(new URL(`http://${proxy.host}`), TARGET, 5000);
  tunnel.write("hello");
  const [echoed] = await new Promise<[Buffer]>((resolve) => tunnel.once("data", (...got: [Buffer]) => resolve(got)));
  expect(echoed.toString()).toBe("echo hello");
  expect(proxy.heads[0]).toMatch(/^CONNECT provider\.example:443 HTTP\/1\.1\r\n/);
  expect(proxy.heads[0]).toMatch(/\r\nhost: provider\.example:443\r\n/i);
  expect(proxy.heads[0]).not.toMatch(/authorization/i);
  tunnel.destroy();
});

test("a user and a password in the URL are for the proxy (RFC 7617)", async () => {
  const proxy = await startProxy(opens);
  const tunnel = await openTunnel(new URL(`http://us%40er:p%3Aw@${proxy.host}`), TARGET, 5000);
  const credentials = Buffer.from("us@er:p:w").toString("base64");
  expect(proxy.heads[0]).toContain(`proxy-authorization: Basic ${credentials}\r\n`);
  expect(proxy.heads[0]).not.toMatch(/\r\nauthorization:/i);
  tunnel.destroy();
});

describe("a tunnel that does not come to stand proves that nothing was sent", () => {
  test.each<[string, (socket: Socket) => void, string]>([
    ["wants a password", (socket) => void socket.end("HTTP/1.1 407 No\r\n\r\n"), "proxy"],
    ["cannot reach the target", (socket) => void socket.end("HTTP/1.1 502 No\r\n\r\n"), "proxy"],
    [
      "sends it elsewhere",
      (socket) => void socket.end("HTTP/1.1 302 No\r\nlocation: https://a.example\r\n\r\n"),
      "proxy",
    ],
    ["speaks before anybody has asked", (socket) => void socket.write("HTTP/1.1 200 OK\r\n\r\nearly"), "proxy"],
    ["closes the connection", (socket) => void socket.end(), "tls"],
    ["is no proxy", (socket) => void socket.end("SSH-2.0\r\n"), "refused"],
  ])("when the proxy %s", async (_, answer, reason) => {
    const proxy = await startProxy(answer);
    const transport = openTransport([], `http://${proxy.host}`);
    const request = { method: "POST", url: "https://provider.example/token", headers: {}, body: "secret=1" } as const;
    expect(await transport.send(request, { deadlineMs: 5000 })).toEqual({ kind: "failure", sent: false, reason });
    expect(proxy.heads.join("")).not.toContain("secret");
  });

  test("when there is no proxy, or it never answers", async () => {
    const nobody = new URL(`http://127.0.0.1:${await freePort()}`);
    await expect(openTunnel(nobody, TARGET, 5000)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    const silent = await startProxy(() => undefined);
    await expect(openTunnel(new URL(`http://${silent.host}`), TARGET, 50)).rejects.toMatchObject({ code: "ETIMEDOUT" });
  });
});

test("hosts of the own network, and those without TLS, are reached without the proxy", async () => {
  const proxy = await startProxy(opens);
  const own = await serveTcp((socket) => socket.once("data", () => socket.end("HTTP/1.1 204 No Content\r\n\r\n")));
  const transport = openTransport(["127.0.0.1"], `http://${proxy.host}`);
  const send = (url: string) => transport.send({ method: "GET", url, headers: {} }, { deadlineMs: 5000 });
  expect(await send(`http://${own.host}/`)).toMatchObject({ kind: "response", response: { status: 204 } });
  expect(await send(`https://${own.host}/`)).toMatchObject({ kind: "failure", reason: "tls" });
  expect(proxy.heads).toEqual([]);
});
