import { startService } from "../service/service.ts";
import { readSettings } from "../service/settings.ts";
import { EXIT } from "./exit-codes.ts";

/** Runs the service until it is told to stop. What was sent to a provider is finished first. */
export async function serve(environment: NodeJS.ProcessEnv): Promise<void> {
  const service = await startService(readSettings(environment));
  if (service.newAdminKey) {
    process.stdout.write(`Admin key, shown this once: ${service.newAdminKey.reveal()}\n`);
  }
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void service.close().then(() => process.exit(EXIT.ok));
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}
