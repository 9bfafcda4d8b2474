import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createScriptedUser, startSandbox, type Behaviour } from "@evergrant/sandbox";
import { expect, onTestFinished } from "vitest";
import { mintKey } from "../../src/access/api-key.ts";
import { systemClock, systemRandom } from "../../src/service/system.ts";
import { createApi } from "../stage/api.ts";
import { freePort } from "../stage/free-port.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { evergrant, startEvergrant, type Environment, type Evergrant } from "./evergrant.ts";

export type RestoreStage = Awaited<ReturnType<typeof openRestoreStage>>;

/** Each scene starts several processes, which takes a while on a machine that is busy. */
export const PATIENCE = 90_000;

/**
 * The real process on a real file, with accounts connected at a provider that replaces each refresh token and punishes its
 * reuse.
 */
export async function openRestoreStage(behaviour: Partial<Behaviour> = {}, more: Environment = {}) {
  const sandbox = await startSandbox({ behaviour: { reuse: { kind: "revoke_family" }, ...behaviour } });
  onTestFinished(() => sandbox.close());
  const port = await freePort();
  const folder = temporaryFolder();
  const dataDir = join(folder, "data");
  const adminKey = mintKey("admin", systemClock, systemRandom).text.reveal();
  const environment: Environment = {
    EVERGRANT_DATA_DIR: dataDir,
    EVERGRANT_PORT: String(port),
    EVERGRANT_ADMIN_KEY: adminKey,
    EVERGRANT_ALLOWED_PRIVATE_HOSTS: "127.0.0.1",
    ...more,
  };
  const url = `http://127.0.0.1:${port}`;
  const api = createApi(url, adminKey);
  let running: Evergrant = await serve(environment);
  const client = { client_id: "evergrant", client_secret: "s", scopes: ["files.read"] };
  await api("PUT", "/v1/providers/sandbox", { issuer: sandbox.url });
  const made = await api("POST", "/v1/clients", { provider: "sandbox", ...client });
  const redirectUris = [made.at("redirect_uri")];
  await sandbox.control.putClient({ clientId: "evergrant", clientSecret: "s", redirectUris });

  async function start(change: Environment = {}): Promise<void> {
    running = await serve({ ...environment, ...change });
  }

  return {
    sandbox,
    api,
    folder,
    dataDir,
    environment,
    database: join(dataDir, "evergrant.db"),
    journal: join(dataDir, "journal"),
    backup: join(folder, "backup.db"),
    /** Connects an account, or connects one anew. */
    connect: async (user: string, connection?: string): Promise<string> => {
      const target = connection === undefined ? { client: made.at("id") } : { connection, completion: "automatic" };
      const session = await api("POST", "/v1/connect-sessions", target);
      await createScriptedUser({ user }).visit(session.at("connect_url"));
      return (await api("GET", `/v1/connect-sessions/${session.at("id")}`)).at("connection_id");
    },
    /** Refreshes so often, each time with success; returns the generation that it then is. */
    refresh: async (id: string, times = 1): Promise<number> => {
      let generation = 0;
      for (let time = 0; time < times; time++) {
        const { body } = await api("POST", `/v1/connections/${id}/refresh`);
        expect(body).toMatchObject({ status: "active", generation: expect.any(Number) });
        generation = Number(Reflect.get(Object(body), "generation"));
      }
      return generation;
    },
    /** Runs the command beside the service, with its environment and the admin key. */
    run: (args: readonly string[], change: Environment = {}) =>
      evergrant(args, { ...environment, EVERGRANT_URL: url, EVERGRANT_API_KEY: adminKey, ...change }),
    start,
    stop: async (): Promise<void> => {
      running.signal("SIGTERM");
      expect((await running.ended).code).toBe(0);
    },
    kill: async (): Promise<void> => {
      running.signal("SIGKILL");
      await running.ended;
    },
    /** Another place, with a copy of what is named from the data directory. */
    elsewhere: (...files: string[]): Environment => {
      const place = join(folder, "elsewhere");
      rmSync(place, { recursive: true, force: true });
      for (const file of files) cpSync(join(dataDir, file), join(place, file), { recursive: true });
      return { EVERGRANT_DATA_DIR: place };
    },
  };
}

async function serve(environment: Environment): Promise<Evergrant> {
  const running = startEvergrant(["serve"], environment);
  await running.printed(/"event":"service.started"/);
  return running;
}

export interface Scene extends RestoreStage {
  id: string;
  path: string;
  /** The generation in the backup, and the one at the end. */
  saved: number;
  newest: number;
}

/** A backup was made, the refresh token was replaced several times since, and the service has stopped. */
export async function openScene(behaviour: Partial<Behaviour> = {}): Promise<Scene> {
  const stage = await openRestoreStage(behaviour);
  const id = await stage.connect("alice");
  const saved = await stage.refresh(id, 2);
  expect(await stage.run(["backup", stage.backup])).toMatchObject({ code: 0, stderr: "" });
  const newest = await stage.refresh(id, 3);
  await stage.stop();
  return { ...stage, id, path: `/v1/connections/${id}`, saved, newest };
}

/** Restores a backup, and returns what the command says about it. */
export async function restore(
  { run, backup }: RestoreStage,
  file = backup,
  environment: Environment = {},
): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await run(["restore", file, "--json"], environment);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const result: Record<string, unknown> = JSON.parse(stdout);
  return result;
}

/** What the provider was asked, and how often with a token that had been replaced. */
export function spent({ sandbox }: RestoreStage) {
  const { refreshRequests, reuseDetected } = sandbox.control.counts();
  return { refreshRequests, reuseDetected };
}

/** The journal is lost. */
export function forget({ journal }: RestoreStage): void {
  rmSync(journal, { recursive: true });
}
