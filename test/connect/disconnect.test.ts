import { expect, test } from "vitest";
import { openStage } from "../stage/stage.ts";

const plainProvider = (issuer: string) => ({
  name: "Forever",
  issuer,
  authorization_url: `${issuer}/authorize`,
  token_url: `${issuer}/token`,
  offline_access: { scopes: ["offline_access"], parameters: { prompt: "consent" } },
  identity_scopes: ["openid"],
});

test("disconnecting revokes the refresh token at the provider and deletes it here", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  const accessToken = (await stage.token(connectionId)).at("access_token");
  const answer = await stage.api("DELETE", `/v1/connections/${connectionId}`);
  expect(answer.body).toMatchObject({ id: connectionId, status: "disconnected", revocation: "revoked" });
  expect(stage.sandbox.control.counts().revocationRequests).toBe(1);
  const files = await fetch(`${stage.sandbox.url}/api/files`, { headers: { authorization: `Bearer ${accessToken}` } });
  expect(files.status).toBe(401);

  expect((await stage.token(connectionId)).body).toMatchObject({ status: 409, code: "connection_disconnected" });
  const again = await stage.api("DELETE", `/v1/connections/${connectionId}`);
  expect(again.body).toMatchObject({ revocation: "nothing_to_revoke" });
  const history = await stage.api("GET", `/v1/connections/${connectionId}/history`);
  expect(history.body).toMatchObject({
    history: [{ kind: "disconnected", detail: { revocation: "revoked" } }, { kind: "connected" }],
  });
});

test("a secret that the provider has ended does not keep the staged one from revoking the token there", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  await stage.api("POST", `/v1/clients/${stage.clientId}/secrets`, { client_secret: "next-secret-canary-2" });
  await stage.sandbox.control.rotateClientSecret("evergrant", "next-secret-canary-2");
  const answer = await stage.api("DELETE", `/v1/connections/${connectionId}`);
  expect(answer.body).toMatchObject({ revocation: "revoked" });
  expect(stage.sandbox.control.counts().revocationRequests).toBe(2);
});

test("a provider that cannot be asked does not keep a connection alive here, and the answer says what remains there", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  await stage.sandbox.close();
  const answer = await stage.api("DELETE", `/v1/connections/${connectionId}`);
  expect(answer.body).toMatchObject({ status: "disconnected", revocation: "failed" });
  expect(answer.at("detail")).toContain("could not be reached");
  expect((await stage.token(connectionId)).status).toBe(409);
});

test("a provider without a revocation endpoint is said to be one", async () => {
  const stage = await openStage({ provider: plainProvider });
  const { connectionId } = await stage.connect("alice");
  const answer = await stage.api("DELETE", `/v1/connections/${connectionId}`);
  expect(answer.body).toMatchObject({ revocation: "unsupported" });
});

test("a disconnected connection gives no reauthorization link", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  const link = await stage.api("POST", `/v1/connections/${connectionId}/reauthorization-link`);
  await stage.api("DELETE", `/v1/connections/${connectionId}`);
  const refused = await stage.api("POST", `/v1/connections/${connectionId}/reauthorization-link`);
  expect(refused.body).toMatchObject({ code: "connection_disconnected" });
  expect((await fetch(link.at("url"), { redirect: "manual" })).status).toBe(404);
});
