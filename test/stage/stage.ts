import { createScriptedUser, startSandbox, type Behaviour, type Sandbox, type Visit } from "@evergrant/sandbox";
import { onTestFinished } from "vitest";
import { mintKey } from "../../src/access/api-key.ts";
import { secret } from "../../src/runtime/secret.ts";
import { startService, type Service } from "../../src/service/service.ts";
import type { Settings } from "../../src/service/settings.ts";
import { systemClock, systemRandom } from "../../src/service/system.ts";
import { createApi, type Answer, type Api } from "./api.ts";
import { freePort } from "./free-port.ts";
import { createManualClock, type ManualClock } from "./manual-clock.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A service on a database of its own, a sandbox, and a client of the one at the other. */
export interface Stage {
  service: Service;
  settings: Settings;
  sandbox: Sandbox;
  clock: ManualClock;
  api: Api;
  adminKey: string;
  /** Our id of the client at the sandbox. */
  clientId: string;
  log: string[];
  /** Connects an account, as its user would. */
  connect(user?: string): Promise<{ connectionId: string; session: Answer; page: Visit }>;
  token(connectionId: string, query?: string): Promise<Answer>;
  /** Stops the service and starts it again on the same data. */
  restart(): Promise<void>;
}

export interface StageOptions {
  behaviour?: Partial<Behaviour>;
  /** Settings of the client. */
  client?: Record<string, unknown>;
  /** Fields of the provider's entry, instead of what discovery finds. */
  provider?: (issuer: string) => Record<string, unknown>;
  /** A file in which the sandbox keeps what it issued. */
  sandboxFile?: string;
  /** Who can sign in at the sandbox, if not the three that it knows. */
  users?: string[];
  /** Where browsers reach the service, if not where it listens. */
  publicUrl?: string;
  /** Settings of the service. */
  settings?: Partial<Settings>;
  /** Nobody has set anything up yet: there is no provider but those of the catalogue, and no client. */
  isEmpty?: boolean;
}

/** The sandbox's tokens live in real time and long; the service's clock stands still until the test moves it. */
export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const { behaviour = {}, sandboxFile, users } = options;
  const sandbox = await startSandbox({
    behaviour,
    ...(sandboxFile !== undefined && { dataFile: sandboxFile }),
    ...(users && { users }),
  });
  onTestFinished(() => sandbox.close());
  const clock = createManualClock(Date.now());
  const log: string[] = [];
  const adminKey = mintKey("admin", systemClock, systemRandom).text.reveal();
  const settings = { ...(await settingsOf(adminKey, options.publicUrl)), ...options.settings };
  const system = { clock, random: systemRandom, log: { write: (line: string) => void log.push(line) } };
  const service = await startService(settings, system);
  const stage: Stage = {
    service,
    settings,
    sandbox,
    clock,
    adminKey,
    clientId: "",
    log,
    api: createApi(service.url, adminKey),
    token: (id, query = "") => stage.api("GET", `/v1/connections/${id}/access-token${query}`),
    connect: (user) => connect(stage, user),
    restart: async () => {
      await stage.service.close();
      stage.service = await startService(settings, system);
    },
  };
  onTestFinished(() => stage.service.close());
  if (options.isEmpty !== true) await registerClient(stage, options);
  return stage;
}

async function settingsOf(adminKey: string, publicUrl?: string): Promise<Settings> {
  const folder = temporaryFolder();
  const port = await freePort();
  return {
    database: { kind: "sqlite", path: `${folder}/evergrant.db` },
    dataDir: folder,
    oldRootKeys: [],
    transit: { token: null, namespace: null },
    rootKey: { kind: "generated", path: `${folder}/root.key` },
    adminKey: secret(adminKey),
    operatorSignIn: null,
    mail: null,
    publicUrl: publicUrl ?? `http://127.0.0.1:${port}`,
    host: "127.0.0.1",
    port,
    allowedPrivateHosts: ["127.0.0.1"],
    trustedProxies: [],
    // Time stands still in a test, so that nothing would come back.
    rateLimit: 1_000_000,
    rekeyRate: 1_000_000,
    logLevel: "trace",
  };
}

async function registerClient(stage: Stage, { client, provider }: StageOptions): Promise<void> {
  const { api, sandbox } = stage;
  const entry = provider?.(sandbox.url) ?? { issuer: sandbox.url, name: "Sandbox" };
  expectStatus(await api("PUT", "/v1/providers/sandbox", entry), 200);
  const clientSecret = "sandbox-client-secret-canary-1";
  const made = await api("POST", "/v1/clients", {
    provider: "sandbox",
    client_id: "evergrant",
    client_secret: clientSecret,
    scopes: ["files.read", "files.write"],
    ...client,
  });
  expectStatus(made, 201);
  stage.clientId = made.at("id");
  await sandbox.control.putClient({ clientId: "evergrant", clientSecret, redirectUris: [made.at("redirect_uri")] });
}

async function connect({ api, clientId }: Stage, user = "alice") {
  const started = await api("POST", "/v1/connect-sessions", { client: clientId, end_user: `user-${user}` });
  expectStatus(started, 201);
  const page = await createScriptedUser({ user }).visit(started.at("connect_url"));
  const session = await api("GET", `/v1/connect-sessions/${started.at("id")}`);
  return { connectionId: session.at("connection_id"), session, page };
}

function expectStatus(answer: Answer, status: number): void {
  if (answer.status !== status) throw new Error(`HTTP ${answer.status} instead of ${status}: ${answer.text}`);
}
