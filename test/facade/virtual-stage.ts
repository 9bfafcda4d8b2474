import type { Stage } from "../stage/stage.ts";

/** What an application is told instead of the provider's: a token endpoint, a client there, and a refresh token. */
export interface VirtualClient {
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  refreshToken: string;
  /** Of the virtual refresh token. */
  id: string;
}

export async function virtualClientOf(
  { api, service }: Pick<Stage, "api" | "service">,
  connectionId: string,
  options: Record<string, unknown> = {},
): Promise<VirtualClient> {
  const key = await api("POST", "/v1/api-keys", { name: "application", scopes: ["token:read"] });
  const token = await api("POST", "/v1/virtual-refresh-tokens", { connection: connectionId, ...options });
  return {
    tokenUrl: `${service.url}/oauth/token`,
    clientId: key.at("id"),
    clientSecret: key.at("key"),
    refreshToken: token.at("refresh_token"),
    id: token.at("id"),
  };
}

export interface TokenAnswer {
  status: number;
  headers: Headers;
  body: unknown;
}

/** A token request as RFC 6749 §6 has it, with the client in the form unless `headers` has it. */
export async function redeem(
  client: VirtualClient,
  changes: Record<string, string | null> = {},
  headers: Record<string, string> = {},
): Promise<TokenAnswer> {
  const form = new URLSearchParams();
  const usual = { grant_type: "refresh_token", refresh_token: client.refreshToken, client_id: client.clientId };
  const all = { ...usual, client_secret: client.clientSecret, ...changes };
  for (const [name, value] of Object.entries(all)) if (value !== null) form.set(name, value);
  const response = await fetch(client.tokenUrl, { method: "POST", body: form, headers });
  const body: unknown = await response.json();
  return { status: response.status, headers: response.headers, body };
}
