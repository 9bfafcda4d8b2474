import { createScriptedUser } from "@evergrant/sandbox";
import { startPageServer } from "../stage/page-server.ts";
import { createApi, type Answer, type Api } from "../stage/api.ts";
import { openStage, type Stage } from "../stage/stage.ts";

/** A tenant with a client of its own at the sandbox. */
export interface TenantStage {
  id: string;
  api: Api;
  /** Our id of its client, and the provider's. */
  clientId: string;
  registeredAs: string;
  redirectUri: string;
  returnUrl: string;
}

export interface TwoTenants {
  stage: Stage;
  mallory: TenantStage;
  acme: TenantStage;
}

/** Two tenants at one provider. Each has an address of its own where `addresses` names it. */
export async function openTwoTenants(addresses: { mallory?: string; acme?: string } = {}): Promise<TwoTenants> {
  const stage = await openStage();
  return {
    stage,
    mallory: await addTenant(stage, "mallory", addresses.mallory),
    acme: await addTenant(stage, "acme", addresses.acme),
  };
}

export async function addTenant(stage: Stage, name: string, publicUrl?: string): Promise<TenantStage> {
  const tenant = await stage.api("POST", "/v1/tenants", {
    name,
    ...(publicUrl !== undefined && { public_url: publicUrl }),
  });
  const id = tenant.at("id");
  const key = await stage.api("POST", "/v1/api-keys", { name: "first", scopes: ["admin"], tenant: id });
  const api = createApi(stage.service.url, key.at("key"));
  const returnUrl = `${await startPageServer()}/back`;
  const registeredAs = `client-of-${name}`;
  const clientSecret = `secret-of-${name}`;
  const client = await api("POST", "/v1/clients", {
    provider: "sandbox",
    client_id: registeredAs,
    client_secret: clientSecret,
    scopes: ["files.read"],
    settings: { return_urls: [returnUrl] },
  });
  const redirectUri = client.at("redirect_uri");
  await stage.sandbox.control.putClient({ clientId: registeredAs, clientSecret, redirectUris: [redirectUri] });
  return { id, api, clientId: client.at("id"), registeredAs, redirectUri, returnUrl };
}

/** A user of the tenant goes the whole way. */
export async function connectAs(
  { api, clientId }: TenantStage,
  user: string,
): Promise<{ id: string; session: Answer }> {
  const started = await api("POST", "/v1/connect-sessions", { client: clientId, end_user: user });
  await createScriptedUser({ user }).visit(started.at("connect_url"));
  const session = await api("GET", `/v1/connect-sessions/${started.at("id")}`);
  return { id: session.at("connection_id"), session };
}
