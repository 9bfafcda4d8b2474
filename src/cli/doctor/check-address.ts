import { createServer } from "node:net";
import { z } from "zod";
import type { Settings } from "../../service/settings.ts";
import { fine, wrong, type Finding } from "./finding.ts";

const CHECK = "address";
const DEADLINE = 3000;

const healthy = z.object({ status: z.literal("ok") });

/** Whether the service listens where it should, or could: the port is taken for a moment to find out. */
export async function checkAddress({ host, port }: Settings): Promise<Finding> {
  const address = `${host}:${port}`;
  const obstacle = await listenBriefly(host, port);
  if (obstacle === null) return fine(CHECK, `${address} is free; the service is not running`);
  const elsewhere = "Choose another EVERGRANT_PORT or EVERGRANT_HOST.";
  if (obstacle !== "EADDRINUSE") return wrong("address", CHECK, `cannot listen on ${address} (${obstacle})`, elsewhere);
  return (await isEvergrant(host, port))
    ? fine(CHECK, `the service answers at ${address}`)
    : wrong("address", CHECK, `something that is not Evergrant listens on ${address}`, elsewhere);
}

/** Null when it was possible, else the system's code for why not. */
function listenBriefly(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: Error & { code?: string }) => resolve(error.code ?? "unknown"));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

async function isEvergrant(host: string, port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://${reachable(host)}:${port}/healthz`, {
      signal: AbortSignal.timeout(DEADLINE),
    });
    return response.ok && healthy.safeParse(await response.json()).success;
  } catch {
    return false;
  }
}

/** An address that stands for all of the machine's is asked at its loopback one. */
function reachable(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
