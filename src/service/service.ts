import type { App } from "../api/server.ts";
import type { Secret } from "../runtime/secret.ts";
import { openService } from "./open-service.ts";
import type { Settings } from "./settings.ts";
import { StartError } from "./start-error.ts";
import { realSystem, type System } from "./system.ts";

export interface Service {
  /** Where the service listens. */
  url: string;
  /** A new admin key, to be shown once; null when there was one already. */
  newAdminKey: Secret<string> | null;
  /** Takes nothing new, finishes what was sent, closes the store. */
  close(this: void): Promise<void>;
}

/** Starts a service that listens. Throws `StartError` before any network call when something is not as it must be. */
export async function startService(settings: Settings, system: System = realSystem()): Promise<Service> {
  const { app, newAdminKey, begin, close } = await openService(settings, system);
  try {
    const url = await listen(app, settings);
    begin(url);
    return { url, newAdminKey, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listen(app: App, { host, port }: Settings): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new StartError(
      "address",
      `Cannot listen on ${host}:${port} (${code}). Choose another EVERGRANT_PORT or EVERGRANT_HOST.`,
    );
  }
}
