import type { Api } from "../stage/api.ts";

/** Starts a campaign, for a connection of the client whose refresh token the provider refuses. Its id. */
export async function startCampaign(api: Api, clientId: string): Promise<string> {
  const tokens = { refresh_token: "rt-that-nobody-gave", access_token: "at-that-nobody-gave", expires_in: 3600 };
  const connection = await api("POST", "/v1/connections/import", { client: clientId, token_set: tokens });
  const id = connection.at("id");
  await api("POST", `/v1/connections/${id}/refresh`);
  return (await api("POST", "/v1/campaigns", { connections: [id] })).at("id");
}
