import { expect } from "vitest";
import { ACCESS_TOKEN, TOKEN_EXCHANGE } from "../../src/facade/token-exchange.ts";
import { call, place, type Search } from "./canary-search.ts";

/** An agent token, and what the borrowed protocols answer, to it and to secrets in the wrong place. */
export async function borrow(search: Search, path: string): Promise<void> {
  const { stage, secrets } = search;
  const id = path.split("/").at(-1) ?? "";
  const made = await call(search, "POST", "/v1/agent-tokens", {
    body: { connections: [id] },
    belongs: ["agent token"],
  });
  const token = made.at("agent_token");
  secrets.set("agent token", token);
  await call(search, "POST", "/v1/agent-tokens", { body: { connections: [token], [token]: 1 } });
  await call(search, "GET", `/v1/connections/${token}`);
  const exchanged: [audience: string, subject: string, type: string, belongs: string[]][] = [
    [id, token, ACCESS_TOKEN, ["access token"]],
    [token, stage.adminKey, ACCESS_TOKEN, []],
    [id, `${token}x`, ACCESS_TOKEN, []],
    [id, stage.adminKey, token, []],
  ];
  for (const [audience, subject_token, subject_token_type, belongs] of exchanged) {
    const form = { grant_type: TOKEN_EXCHANGE, audience, subject_token, subject_token_type };
    await fetched(search, "/oauth/token", { method: "POST", body: new URLSearchParams(form) }, belongs);
  }
  const identities: [client: string, secret: string, belongs: string[]][] = [
    [id, token, ["access token"]],
    [token, stage.adminKey, []],
    [id, `${token}x`, []],
  ];
  for (const [client, secret, belongs] of identities) {
    const query = `?api-version=2019-08-01&resource=x&client_id=${client}`;
    await fetched(search, `/msi/token${query}`, { headers: { "x-identity-header": secret } }, belongs);
  }
}

async function fetched(search: Search, path: string, init: RequestInit, belongs: string[]): Promise<void> {
  const answer = await fetch(search.stage.service.url + path, init);
  place(search, path.replace(/\?.*/, ""), (await answer.text()) + JSON.stringify([...answer.headers]), belongs);
}

/** A virtual refresh token where it belongs, where it does not, and beside a wrong client. */
export async function redeemVirtually(search: Search, path: string): Promise<void> {
  const { stage, secrets } = search;
  const url = "/v1/virtual-refresh-tokens";
  const body = { connection: path.split("/").at(-1) };
  const made = await call(search, "POST", url, { body, belongs: ["virtual refresh token"] });
  const refreshToken = made.at("refresh_token");
  secrets.set("virtual refresh token", refreshToken);
  const key = await stage.api("POST", "/v1/api-keys", { name: "redeems", scopes: ["token:read"] });
  secrets.set("API key 2", key.at("key"));
  const client = { client_id: key.at("id"), client_secret: key.at("key") };
  const redeem = async (form: Record<string, string>, belongs: string[] = []) => {
    const request = { grant_type: "refresh_token", refresh_token: refreshToken, ...client, ...form };
    const answer = await fetch(`${stage.service.url}/oauth/token`, {
      method: "POST",
      body: new URLSearchParams(request),
    });
    place(search, "the token endpoint", (await answer.text()) + JSON.stringify([...answer.headers]), belongs);
    return answer.status;
  };
  expect(await redeem({}, ["access token", "virtual refresh token"])).toBe(200);
  expect(await redeem({ refresh_token: refreshToken.slice(1) })).toBe(400);
  expect(await redeem({ client_secret: refreshToken })).toBe(401);
  expect(await redeem({ grant_type: refreshToken })).toBe(400);
  expect(await redeem({ scope: refreshToken })).toBe(400);
  for (const wrong of [{ body: { ...body, name: 1, [refreshToken]: 1 } }, { body: { connection: refreshToken } }]) {
    await call(search, "POST", url, wrong);
  }
  await call(search, "GET", `${url}?connection=${refreshToken}`);
  await call(search, "GET", url);
  await call(search, "DELETE", `${url}/${refreshToken}`);
  await call(search, "DELETE", `${url}/${made.at("id")}`);
  expect(await redeem({})).toBe(400);
}
