import { createServer, type RequestListener } from "node:http";
import { onTestFinished } from "vitest";

/** A loopback server for the running test; resolves with its origin. Without a listener it answers every request with a page. */
export function startPageServer(
  listener: RequestListener = (_request, response) => response.end("a page"),
): Promise<string> {
  const server = createServer(listener);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return new Promise((resolve, reject) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") return reject(new Error("the server listens on no port"));
      resolve(`http://127.0.0.1:${address.port}`);
    });
  });
}
