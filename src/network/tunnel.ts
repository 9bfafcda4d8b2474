import { request as requestInTheClear, type ClientRequest } from "node:http";
import { request as requestUnderTls } from "node:https";
import { Socket } from "node:net";

/** The proxy answers, and does not open the tunnel. */
class ProxyRefused extends Error {
  readonly code = "EVERGRANT_PROXY_REFUSED";
}

class ProxySilent extends Error {
  readonly code = "ETIMEDOUT";
}

/**
 * A tunnel through an HTTP proxy to `target`, a host and a port (RFC 9110 §9.3.6). The proxy looks the name up. A URL with a user
 * and a password authenticates with them. Rejects before a byte has gone to the target.
 */
export function openTunnel(proxy: URL, target: string, deadlineMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const request = connectRequest(proxy, target);
    const late = setTimeout(() => request.destroy(new ProxySilent("The proxy does not answer.")), deadlineMs);
    request.once("close", () => clearTimeout(late));
    request.once("error", reject);
    request.once("connect", ({ statusCode = 0 }, socket, head) => {
      clearTimeout(late);
      const isOpen = statusCode >= 200 && statusCode < 300 && head.length === 0;
      if (isOpen && socket instanceof Socket) return resolve(socket);
      socket.destroy();
      reject(new ProxyRefused("The proxy opens no tunnel."));
    });
    request.end();
  });
}

function connectRequest(proxy: URL, target: string): ClientRequest {
  const isSecure = proxy.protocol === "https:";
  const send = isSecure ? requestUnderTls : requestInTheClear;
  return send({
    host: proxy.hostname.replace(/^\[|\]$/g, ""),
    port: proxy.port || (isSecure ? 443 : 80),
    method: "CONNECT",
    path: target,
    headers: { host: target, ...authorization(proxy) },
    agent: false,
  });
}

/** RFC 7617. */
function authorization({ username, password }: URL): Record<string, string> {
  if (username === "") return {};
  const credentials = [username, password].map(decodeURIComponent).join(":");
  return { "proxy-authorization": `Basic ${Buffer.from(credentials).toString("base64")}` };
}
