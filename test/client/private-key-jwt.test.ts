import { generateKeyPairSync } from "node:crypto";
import { createScriptedUser, selfSigned } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import { MINUTE } from "../../src/runtime/clock.ts";
import type { Answer } from "../stage/api.ts";
import { openStage, type Stage } from "../stage/stage.ts";

/** A client of the sandbox that signs, as an operator sets it up. */
async function signingClient(stage: Stage, signingKey?: Record<string, unknown>) {
  const body = {
    provider: "sandbox",
    client_id: "signer",
    authentication: "private_key_jwt",
    scopes: ["files.read"],
    ...(signingKey && { signing_key: signingKey }),
  };
  const made = await stage.api("POST", "/v1/clients", body);
  expect(made.status).toBe(201);
  await register(stage, made);
  return made;
}

/** At the sandbox, which keeps what it has read from an address for as long as it may. */
async function register({ sandbox }: Stage, client: Answer, query = ""): Promise<void> {
  await sandbox.control.putClient({
    clientId: "signer",
    clientSecret: "",
    redirectUris: [client.at("redirect_uri")],
    tokenEndpointAuthMethod: "private_key_jwt",
    jwksUri: client.at("jwks_uri") + query,
  });
}

async function connect(stage: Stage, client: string): Promise<string> {
  const started = await stage.api("POST", "/v1/connect-sessions", { client, end_user: "user-alice" });
  await createScriptedUser({ user: "alice" }).visit(started.at("connect_url"));
  return (await stage.api("GET", `/v1/connect-sessions/${started.at("id")}`)).at("connection_id");
}

async function published(uri: string): Promise<{ kid: string }[]> {
  const response = await fetch(uri);
  expect(response.headers.get("cache-control")).toBe("public, max-age=300");
  const { keys } = JSON.parse(await response.text());
  return keys;
}

test.each(["RS256", "PS256", "ES256", "EdDSA"])(
  "a client that signs with %s connects, refreshes and is disconnected with the key that it publishes",
  async (algorithm) => {
    const stage = await openStage();
    const client = await signingClient(stage, { algorithm });
    const id = await connect(stage, client.at("id"));
    expect((await stage.api("POST", `/v1/connections/${id}/refresh`)).body).toMatchObject({ generation: 2 });
    const ended = await stage.api("DELETE", `/v1/connections/${id}`);
    expect(ended.body).toMatchObject({ revocation: "revoked" });
    const [key, ...others] = await published(client.at("jwks_uri"));
    expect(key).toMatchObject({ alg: algorithm, use: "sig" });
    expect(others).toEqual([]);
    expect(Object.keys(key ?? {})).not.toContain("d");
  },
);

test("a new key is published before it is used, tried by refreshes, and replaces the one before without anybody noticing", async () => {
  const stage = await openStage();
  const client = await signingClient(stage);
  const path = `/v1/clients/${client.at("id")}/secrets`;
  const connections: string[] = [];
  for (let n = 0; n < 3; n++) connections.push(await connect(stage, client.at("id")));
  const next = await stage.api("POST", path, { signing_key: { algorithm: "ES256" }, promote: "when_proven" });
  expect(next.body).toMatchObject({ state: "staged", signing_key: { alg: "ES256" } });
  expect(await published(client.at("jwks_uri"))).toHaveLength(2);
  await register(stage, client, "?read-again");
  await stage.clock.leap(10 * MINUTE);
  for (const id of connections) {
    expect((await stage.api("POST", `/v1/connections/${id}/refresh`)).body).toMatchObject({ generation: 2 });
  }
  const { secrets } = JSON.parse((await stage.api("GET", path)).text);
  expect(secrets).toHaveLength(2);
  expect(secrets).toContainEqual(
    expect.objectContaining({ state: "active", signing_key: expect.objectContaining({ alg: "ES256" }) }),
  );
  expect(secrets).toContainEqual(
    expect.objectContaining({ state: "retired", signing_key: expect.objectContaining({ alg: "RS256" }) }),
  );
  expect((await stage.api("GET", `/v1/clients/${client.at("id")}`)).body).toMatchObject({ status: "active" });
});

test("a key of one's own is taken, and with its certificate named by its thumbprint", async () => {
  const stage = await openStage();
  const { key, cert } = selfSigned("signer");
  const client = await signingClient(stage, { private_key: key, certificate: cert });
  const listed = await stage.api("GET", `/v1/clients/${client.at("id")}/secrets`);
  expect(listed.body).toMatchObject({
    secrets: [
      { signing_key: { alg: "ES256", "x5t#S256": expect.any(String) }, expires_at: "2049-12-31T23:59:59.000Z" },
    ],
  });
  expect(listed.text).not.toContain("PRIVATE");
  const id = await connect(stage, client.at("id"));
  expect((await stage.api("POST", `/v1/connections/${id}/refresh`)).body).toMatchObject({ generation: 2 });
});

const rsa = (modulusLength: number) =>
  generateKeyPairSync("rsa", { modulusLength }).privateKey.export({ type: "pkcs8", format: "pem" }).toString();

test.each<[string, Record<string, unknown>, string]>([
  ["a secret", { authentication: "private_key_jwt", client_secret: "x" }, "client_secret: a client that authenticates"],
  ["no key at all", { authentication: "tls_client_auth" }, "client_certificate: needed for tls_client_auth"],
  ["a short key", { signing_key: { private_key: rsa(1024) } }, "must be RSA with 2048 bits"],
  [
    "another algorithm",
    { signing_key: { private_key: rsa(2048), algorithm: "ES256" } },
    "the key is for RS256 or PS256",
  ],
  ["no private key", { signing_key: { private_key: selfSigned("x").cert } }, "is not a private key in PEM"],
  [
    "a certificate of another key",
    { signing_key: { private_key: rsa(2048), certificate: selfSigned("x").cert } },
    "belongs to another private key",
  ],
  [
    "no certificate",
    { client_certificate: { private_key: rsa(2048), certificate: "-----BEGIN CERTIFICATE-----\nAAAA" } },
    "is not a certificate in PEM",
  ],
])("%s is refused in words that show nothing of it", async (_what, given, problem) => {
  const stage = await openStage();
  const refused = await stage.api("POST", "/v1/clients", { provider: "sandbox", client_id: "signer", ...given });
  expect(refused.body).toMatchObject({
    status: 400,
    code: "invalid_request",
    detail: expect.stringContaining(problem),
  });
  expect(refused.text).not.toContain("MII");
  expect(stage.log.join("\n")).not.toContain("MII");
});

test("a private key that is given along with the certificate is not shown with it, nor stored in the clear", async () => {
  const stage = await openStage();
  const { key, cert } = selfSigned("signer");
  for (const certificate of [cert + key, key + cert]) {
    const given = { provider: "sandbox", client_id: "shower", client_certificate: { certificate, private_key: key } };
    const made = await stage.api("POST", "/v1/clients", given);
    expect(made.status).toBe(201);
    const listed = await stage.api("GET", `/v1/clients/${made.at("id")}/secrets`);
    expect(listed.body).toMatchObject({ secrets: [{ certificate: cert }] });
    expect(listed.text).not.toContain("PRIVATE");
  }
});

test("nothing is published of a client that does not sign, nor of one that does not exist", async () => {
  const stage = await openStage();
  for (const id of [stage.clientId, "cli_00000000000000000000000000"]) {
    expect((await fetch(`${stage.service.url}/oauth/jwks/${id}`)).status).toBe(404);
  }
});

test("a new key is not tried before its provider can have read it, so that it is not taken for a wrong one", async () => {
  const stage = await openStage();
  const client = await signingClient(stage);
  const id = await connect(stage, client.at("id"));
  const staged = await stage.api("POST", `/v1/clients/${client.at("id")}/secrets`, {});
  await stage.clock.leap(9 * MINUTE);
  expect((await stage.api("POST", `/v1/connections/${id}/refresh`)).body).toMatchObject({ generation: 2 });
  const { secrets } = JSON.parse((await stage.api("GET", `/v1/clients/${client.at("id")}/secrets`)).text);
  expect(secrets).toContainEqual(
    expect.objectContaining({ id: staged.at("id"), proven_count: 0, refusal: null, last_used_at: null }),
  );
});
