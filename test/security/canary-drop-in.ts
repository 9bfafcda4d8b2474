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
