import { createServer } from "node:http";
import { connect } from "node:net";
import { listen } from "../network/loopback.ts";

/** An HTTP proxy that wants a password, and leads every tunnel to one port of this machine. */
export interface Proxy {
  /** With the password in it. */
  url: string;
  /** What tunnels were asked for, in order. */
  readonly targets: readonly string[];
  refuses: boolean;
}

export async function startProxy(port: number): Promise<Proxy> {
  const targets: string[] = [];
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on("connect", ({ url = "", headers }, socket) => {
    targets.push(url);
    const known = `Basic ${Buffer.from("user:pa55word").toString("base64")}`;
    if (proxy.refuses || headers["proxy-authorization"] !== known) {
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    const tunnel = connect(port, "127.0.0.1");
    tunnel.on("error", () => socket.destroy());
    socket.on("error", () => tunnel.destroy());
    socket.pipe(tunnel).pipe(socket);
  });
  const { host } = await listen(server);
  const proxy: Proxy = { url: `http://user:pa55word@${host}`, targets, refuses: false };
  return proxy;
}
