import { readSettings } from "../service/settings.ts";
import type { CommandDeps } from "./command-deps.ts";
import { EXIT } from "./exit-codes.ts";

/** Runs the service until it is told to stop. What was sent to a provider is finished first. */
export async function serve({ output, environment }: CommandDeps): Promise<void> {
  const settings = readSettings(environment);
  // Loaded only now: what is wrong with the settings is said at once.
  const { startService } = await import("../service/service.ts");
  const starting = startService(settings);
  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    // A start that fails ends by itself, and says why.
    const service = await starting.catch(() => null);
    await service?.close();
    if (service) process.exit(EXIT.ok);
  };
  // Before anybody can know that it runs, so that nobody's signal finds the service unprepared.
  process.on("SIGTERM", () => void stop());
  process.on("SIGINT", () => void stop());
  const key = (await starting).newAdminKey?.reveal();
  if (key !== undefined) output.result({ admin_key: key }, () => `Admin key, shown this once: ${key}`);
}
