import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { onTestFinished } from "vitest";

/** A key and the certificate for it, both PEM. */
export interface Identity {
  key: string;
  cert: string;
}

/** Serves on a free loopback port until the running test is over; resolves with the port. With an identity, it speaks TLS. */
export async function listen(listener: RequestListener, identity?: Identity): Promise<number> {
  const server = identity ? createTlsServer(identity, listener) : createServer(listener);
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return address.port;
}

/** The same, by its origin. Without a listener it answers every request with a page. */
export async function startPageServer(
  listener: RequestListener = (_request, response) => response.end("a page"),
): Promise<string> {
  return `http://127.0.0.1:${await listen(listener)}`;
}
