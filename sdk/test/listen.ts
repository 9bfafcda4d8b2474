import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import { onTestFinished } from "vitest";

/** Serves on a free port of 127.0.0.1 until the test has finished; resolves to the origin. */
export async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return `http://127.0.0.1:${address.port}`;
}
