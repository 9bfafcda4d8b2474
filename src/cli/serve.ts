import { startService } from "../service/service.ts";
import { readSettings } from "../service/settings.ts";
import type { CommandDeps } from "./command-deps.ts";
import { EXIT } from "./exit-codes.ts";

/** Runs the service until it is told to stop. What was sent to a provider is finished first. */
export async function serve({ output, environment }: CommandDeps): Promise<void> {
  const service = await startService(readSettings(environment));
  const key = service.newAdminKey?.reveal();
  if (key !== undefined) output.result({ admin_key: key }, () => `Admin key, shown this once: ${key}`);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void service.close().then(() => process.exit(EXIT.ok));
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}
