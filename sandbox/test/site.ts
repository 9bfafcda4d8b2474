import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { onTestFinished } from "vitest";

/** Serves a site that is not the sandbox until the test ends; resolves with its origin. */
export async function startSite(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the site listens on no port");
  return `http://127.0.0.1:${address.port}`;
}

/** A page for the user to come back to. */
export async function startCallback(): Promise<string> {
  const origin = await startSite((_req, res) => res.end("back at the application"));
  return `${origin}/callback`;
}
