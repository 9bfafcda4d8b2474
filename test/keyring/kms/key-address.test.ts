import { describe, expect, test } from "vitest";
import { parseKeyAddress } from "../../../src/keyring/kms/key-address.ts";
import { ServiceError } from "../../../src/runtime/service-error.ts";

const UUID = "1234abcd-12ab-34cd-56ef-1234567890ab";
const RING = "projects/p-1/locations/global/keyRings/ring/cryptoKeys";

describe("the address of a key", () => {
  test.each([
    [`aws-kms:${UUID}`, { key: UUID, region: null }],
    ["aws-kms:mrk-1234abcd12ab34cd56ef1234567890ab", { region: null }],
    ["aws-kms:alias/evergrant/prod", { key: "alias/evergrant/prod", region: null }],
    [`aws-kms:arn:aws:kms:eu-west-1:111122223333:key/${UUID}`, { region: "eu-west-1" }],
    ["aws-kms:arn:aws-us-gov:kms:us-gov-west-1:111122223333:alias/evergrant", { region: "us-gov-west-1" }],
    [`google-kms:${RING}/evergrant`, { key: `${RING}/evergrant` }],
    ["google-kms:projects/example.com:p-1/locations/europe-west3/keyRings/r/cryptoKeys/k", {}],
    [
      "azure-kms:https://evergrant.vault.azure.net/keys/root",
      { origin: "https://evergrant.vault.azure.net", key: "root", version: null },
    ],
    ["azure-kms:https://evergrant.vault.azure.net/keys/root/0123abc", { key: "root", version: "0123abc" }],
    [
      "transit:https://vault.example:8200/v1/transit/evergrant",
      { origin: "https://vault.example:8200", host: "vault.example", mount: "transit", key: "evergrant" },
    ],
    [
      "transit:https://10.0.0.7/v1/teams/a/transit/root.1",
      { host: "10.0.0.7", mount: "teams/a/transit", key: "root.1" },
    ],
    ["transit:http://127.0.0.1:8200/v1/transit/evergrant", { host: "127.0.0.1" }],
    ["transit:http://[::1]:8200/v1/transit/evergrant", { host: "::1", origin: "http://[::1]:8200" }],
  ])("may be %s", (text, expected) => {
    expect(parseKeyAddress(` ${text}\n`)).toMatchObject({ name: text, kind: text.split(":")[0], ...expected });
  });

  test.each([
    ["", /starts with aws-kms:, google-kms:, azure-kms: or transit:/],
    ["egroot_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", /starts with/],
    ["gcp-kms:x", /starts with/],
    ["toString:x", /starts with/],
    ["aws-kms:", /AWS KMS is aws-kms: and a key id, an alias such as alias\/evergrant/],
    ["aws-kms:evergrant", /an alias such as alias\/evergrant/],
    ["aws-kms:arn:aws:kms:eu-west-1:111122223333:alias", /or the ARN of either/],
    ["aws-kms:arn:aws:s3:eu-west-1:111122223333:key/x", /or the ARN of either/],
    [`aws-kms:alias/${"a".repeat(251)}`, /alias/],
    ["google-kms:evergrant", /google-kms:projects\/<project>/],
    [`google-kms:${RING}/evergrant/cryptoKeyVersions/1`, /without a version/],
    [`google-kms:${RING}/..`, /google-kms:projects/],
    ["azure-kms:evergrant", /azure-kms:https:\/\/<name>\.vault\.azure\.net\/keys\/<key>/],
    ["azure-kms:http://evergrant.vault.azure.net/keys/root", /azure-kms:https/],
    ["azure-kms:https://evergrant.vault.azure.net/secrets/root", /\/keys\/<key>/],
    ["azure-kms:https://me:hunter2@evergrant.vault.azure.net/keys/root", /azure-kms:https/],
    ["azure-kms:https://evergrant.vault.azure.net/keys/root?code=hunter2", /azure-kms:https/],
    [
      "transit:http://vault.example/v1/transit/evergrant",
      /is an https URL: without TLS the root key could be read on its way/,
    ],
    ["transit:https://vault.example/transit/evergrant", /transit:https:\/\/<host>\/v1\/<mount>\/<key>/],
    ["transit:https://vault.example/v1/evergrant", /<mount>\/<key>/],
    ["transit:https://vault.example/v1/transit/%2e%2e/sys", /<mount>\/<key>/],
    ["transit:https://:hvs.hunter2@vault.example/v1/transit/evergrant", /<mount>\/<key>/],
    ["transit:vault.example/v1/transit/evergrant", /<mount>\/<key>/],
    [`transit:https://vault.example/v1/${"a/".repeat(600)}b`, /has at most 1024 characters/],
  ])("may not be %j, and the sentence helps without repeating it", (text, sentence) => {
    const error = refusalOf(text);
    expect(error.code).toBe("invalid_request");
    expect(error.message).toMatch(sentence);
    expect(error.message).toMatch(/^The address of a key .*\.$/);
    expect(error.message).not.toMatch(/hunter2|AAECAwQF/);
  });
});

function refusalOf(text: string): ServiceError {
  try {
    parseKeyAddress(text);
  } catch (error) {
    if (error instanceof ServiceError) return error;
  }
  throw new Error("it was taken");
}
