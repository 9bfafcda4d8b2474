import { createScriptedUser, type Sandbox } from "@evergrant/sandbox";
import type { Management } from "./management.ts";
import type { DemoState } from "./state.ts";

const CLIENT_ID = "evergrant-demo";
const CLIENT_SECRET = "only-for-the-sandbox";

/** Adds the sandbox as a provider, a client at it, and a key for the workers; what is there already stays. */
export async function setUp(management: Management, sandbox: Sandbox, state: DemoState): Promise<DemoState> {
  await management.call("PUT", "/v1/providers/sandbox", { issuer: sandbox.url, name: "Sandbox" });
  const clientId = state.clientId ?? (await addClient(management, sandbox));
  const workerKey = state.workerKey ?? (await addWorkerKey(management));
  return { ...state, clientId, workerKey };
}

async function addClient(management: Management, sandbox: Sandbox): Promise<string> {
  const client = await management.call("POST", "/v1/clients", {
    provider: "sandbox",
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    scopes: ["files.read", "files.write"],
  });
  await sandbox.control.putClient({
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    redirectUris: [String(client["redirect_uri"])],
  });
  return String(client["id"]);
}

async function addWorkerKey(management: Management): Promise<string> {
  const scopes = ["token:read", "connections:read"];
  const made = await management.call("POST", "/v1/api-keys", { name: "demo workers", scopes });
  return String(made["key"]);
}

/** A link for a person; it works for ten minutes. */
export async function connectLink(management: Management, clientId: string): Promise<string> {
  return String((await management.call("POST", "/v1/connect-sessions", { client: clientId }))["connect_url"]);
}

/** Connects alice without a browser, unless somebody is connected already. */
export async function connectFirstAccount(management: Management, clientId: string): Promise<void> {
  const { connections } = await management.call("GET", "/v1/connections?limit=1");
  if (Array.isArray(connections) && connections.length > 0) return;
  await signIn(await connectLink(management, clientId));
}

/** Does what alice would do in a browser: opens the link, picks her account, allows. */
export async function signIn(link: string): Promise<void> {
  const page = await createScriptedUser({ user: "alice" }).visit(link);
  if (page.status !== 200) throw new Error(`signing in ended with HTTP ${page.status}`);
}
