import { mintKey } from "../../src/access/api-key.ts";
import { systemClock, systemRandom } from "../../src/service/system.ts";
import { evergrant, startEvergrant, type Environment, type Evergrant, type Outcome } from "../cli/evergrant.ts";
import { createApi, type Answer, type Api } from "../stage/api.ts";
import { freePort } from "../stage/free-port.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { entryOf, type RotatingEndpoint } from "./rotating-endpoint.ts";

/** `evergrant serve` with a connection that was imported as `rt-0`. */
export interface ServiceProcess {
  api: Api;
  /** Of the connection. */
  path: string;
  refresh: () => Promise<Answer>;
  /** Ends the process so, and starts another on the same data, and with more in its environment. */
  startAgainAfter: (signal: NodeJS.Signals, more?: Environment) => Promise<void>;
  /** What `evergrant doctor` says in the environment of the running process. */
  doctor: () => Promise<Outcome>;
}

export async function openServiceProcess(
  endpoint: RotatingEndpoint,
  surroundings: Environment = {},
): Promise<ServiceProcess> {
  const port = await freePort();
  const adminKey = mintKey("admin", systemClock, systemRandom).text.reveal();
  let environment: Environment = {
    EVERGRANT_DATA_DIR: temporaryFolder(),
    EVERGRANT_PORT: String(port),
    EVERGRANT_ADMIN_KEY: adminKey,
    EVERGRANT_ALLOWED_PRIVATE_HOSTS: "127.0.0.1,localhost",
    // All callers have one key.
    EVERGRANT_RATE_LIMIT: "1000000",
    ...surroundings,
  };
  const api = createApi(`http://127.0.0.1:${port}`, adminKey);
  let running = await start(environment);
  await api("PUT", "/v1/providers/elsewhere", entryOf(endpoint));
  const client = await api("POST", "/v1/clients", { provider: "elsewhere", client_id: "c", client_secret: "s" });
  const adopted = { client: client.at("id"), token_set: { refresh_token: "rt-0" } };
  const path = `/v1/connections/${(await api("POST", "/v1/connections/import", adopted)).at("id")}`;
  return {
    api,
    path,
    refresh: () => api("POST", `${path}/refresh`),
    startAgainAfter: async (signal, more = {}) => {
      running.signal(signal);
      await running.ended;
      environment = { ...environment, ...more };
      running = await start(environment);
    },
    doctor: () => evergrant(["doctor"], environment),
  };
}

async function start(environment: Environment): Promise<Evergrant> {
  const running = startEvergrant(["serve"], environment);
  await running.printed(/"event":"service.started"/);
  return running;
}
