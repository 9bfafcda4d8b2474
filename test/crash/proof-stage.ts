import { createServer } from "node:http";
import { startSandbox, type Behaviour, type Sandbox } from "@evergrant/sandbox";
import { CLIENT_ID, CLIENT_SECRET, createAccounts, type Accounts } from "./accounts.ts";
import { startClaimLog } from "./claim-log.ts";
import type { Cluster } from "./cluster.ts";
import { openServiceStage, type ServiceOptions, type ServiceStage } from "./service-stage.ts";

/** The service, a provider that keeps record of all that it did, and accounts to connect. */
export interface ProofStage extends ServiceStage {
  sandbox: Sandbox;
  accounts: Accounts;
}

export interface StageOptions extends Omit<ServiceOptions, "prepare"> {
  /** One provider for each, which is what its entry says of replays; a punishing one unless given. */
  replays?: readonly { class: string; seconds?: number }[];
  behaviour?: Partial<Behaviour>;
  /** Of each provider; the accounts are spread among them. */
  clients?: number;
}

export async function openProofStage(options: StageOptions): Promise<ProofStage> {
  const service = await openServiceStage({ ...options, prepare: startClaimLog });
  const sandbox = await startSandbox({ behaviour: options.behaviour ?? {} });
  const page = await startPage();
  const clients = await addClients(service.cluster, sandbox, page.url, options);
  const accounts = createAccounts({ sandbox, clients, api: service.cluster.api, redirectUri: page.url });
  const close = async (keepFiles = false): Promise<void> => {
    await service.close(keepFiles);
    await Promise.all([sandbox.close(), page.close()]);
  };
  return { ...service, sandbox, accounts, close };
}

async function addClients(
  { api }: Cluster,
  sandbox: Sandbox,
  redirectUri: string,
  { replays = [{ class: "punished" }], clients = 1 }: StageOptions,
): Promise<string[]> {
  await sandbox.control.putClient({ clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, redirectUris: [redirectUri] });
  const endpoints = { authorization_url: `${sandbox.url}/authorize`, token_url: `${sandbox.url}/token` };
  const pace = { per_second: 1000, concurrent: 1000 };
  const registration = { client_id: CLIENT_ID, client_secret: CLIENT_SECRET, scopes: ["files.read"] };
  const ids: string[] = [];
  for (const [index, replay] of replays.entries()) {
    const provider = `sandbox-${index}`;
    await api("PUT", `/v1/providers/${provider}`, { name: provider, ...endpoints, replay, pace });
    for (let count = 0; count < clients; count++) {
      ids.push((await api("POST", "/v1/clients", { provider, ...registration })).at("id"));
    }
  }
  return ids;
}

/** Where the person who consents comes back to. */
async function startPage(): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((_request, response) => response.end("back"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}/callback`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
