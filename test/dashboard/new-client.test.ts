import { expect, test } from "vitest";
import { readProof } from "../../dashboard/src/clients/proof.ts";
import { newClientIn } from "../../dashboard/src/connect/new-client.ts";
import { createBody } from "../../src/api/routes/clients.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";

function fieldsWith(values: Readonly<Record<string, string>>): FormData {
  const fields = new FormData();
  for (const [name, value] of Object.entries(values)) fields.set(name, value);
  return fields;
}

test("what is filled in for a client is what the API takes, parameters of its family included", () => {
  const okta = { ...builtInEntry("okta").provider, custom: false };
  const fields = fieldsWith({
    client_id: " 0oa1 ",
    authentication: "client_secret_post",
    client_secret: "a-secret",
    expires_at: "2030-01-31",
    scopes: "files.read\n files.write ",
    "parameter domain": "acme.okta.com",
    "parameter authorization_server": "default",
    offline_access: "on",
  });
  expect(createBody.parse(newClientIn(fields, okta))).toMatchObject({
    provider: "okta",
    client_id: "0oa1",
    authentication: "client_secret_post",
    client_secret: "a-secret",
    secret_expires_at: "2030-01-31T00:00:00.000Z",
    dpop: false,
    scopes: ["files.read", "files.write"],
    settings: {
      offline_access: true,
      prove: false,
      testing: false,
      provider_parameters: { domain: "acme.okta.com", authorization_server: "default" },
    },
  });
});

test("each way to authenticate is given what it needs, and no more", () => {
  const pem = "-----BEGIN …";
  expect(readProof(fieldsWith({ client_secret: "left over" }), "none")).toEqual({});
  expect(readProof(fieldsWith({ algorithm: "ES256", private_key: "" }), "private_key_jwt")).toEqual({
    signing_key: { algorithm: "ES256" },
  });
  const given = fieldsWith({ algorithm: "none", private_key: pem, certificate: pem });
  expect(readProof(given, "private_key_jwt")).toEqual({
    signing_key: { algorithm: "RS256", private_key: pem, certificate: pem },
  });
  expect(readProof(given, "tls_client_auth")).toEqual({ client_certificate: { certificate: pem, private_key: pem } });
});
