import type { Stage } from "../stage/stage.ts";
import type { Environment } from "./evergrant.ts";

/** What a command needs in order to ask the stage's service. */
export function clientEnvironment({ settings, adminKey }: Stage): Environment {
  return { EVERGRANT_URL: settings.publicUrl, EVERGRANT_API_KEY: adminKey };
}

/** What the stage's service would have been started with. */
export function serviceEnvironment({ settings }: Stage): Environment {
  return {
    EVERGRANT_DATA_DIR: settings.dataDir,
    EVERGRANT_PORT: String(settings.port),
    EVERGRANT_ALLOWED_PRIVATE_HOSTS: "127.0.0.1",
  };
}
