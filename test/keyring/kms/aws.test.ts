import * as sdk from "@aws-sdk/client-kms";
import { describe, expect, test } from "vitest";
import { createAwsClient } from "../../../src/keyring/kms/aws.ts";
import { parseKeyAddress } from "../../../src/keyring/kms/key-address.ts";
import { createSymmetricKey, json, serveKeys, type Answer, type KeyServer } from "./key-server.ts";
import { keyServiceContract } from "./key-service.contract.ts";

const KEYS = { one: "alias/one", other: "alias/other", missing: "alias/missing" };

/** AWS JSON 1.1: the operation is a header, and a refusal names its kind in `__type`. */
function refused(type: string, status = 400) {
  return (text: string): Answer => json(status, { __type: type, message: text });
}

async function serveAws(): Promise<KeyServer> {
  const keys = new Map([KEYS.one, KEYS.other].map((id) => [id, { id, key: createSymmetricKey() }]));
  return serveKeys(({ headers, body }) => {
    const { key } = keys.get(body["KeyId"] ?? "") ?? {};
    if (!key) return refused("NotFoundException")("no such key");
    const context = body["EncryptionContext"] ?? "";
    if (headers["x-amz-target"] === "TrentService.Encrypt") {
      const ciphertext = key.encrypt(Buffer.from(body["Plaintext"] ?? "", "base64"), context);
      return json(200, {
        KeyId: body["KeyId"],
        CiphertextBlob: ciphertext.toString("base64"),
        EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
      });
    }
    const blob = Buffer.from(body["CiphertextBlob"] ?? "", "base64");
    const others = [...keys.values()].filter(({ id }) => id !== body["KeyId"]);
    if (others.some((other) => other.key.decrypt(blob, context)))
      return refused("IncorrectKeyException")("another key");
    const plaintext = key.decrypt(blob, context);
    if (!plaintext) return refused("InvalidCiphertextException")("");
    return json(200, {
      KeyId: body["KeyId"],
      Plaintext: plaintext.toString("base64"),
      EncryptionAlgorithm: "SYMMETRIC_DEFAULT",
    });
  });
}

function clientOf(port: number, address: string, settings: sdk.KMSClientConfig = {}) {
  const parsed = parseKeyAddress(address);
  if (parsed.kind !== "aws-kms") throw new Error("not an address of AWS");
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI" };
  const region = parsed.region === null ? { region: "eu-central-1" } : {};
  return createAwsClient(sdk, parsed, { endpoint: `http://127.0.0.1:${port}`, credentials, ...region, ...settings });
}

keyServiceContract("AWS KMS", {
  serve: serveAws,
  client: async (port, key) => clientOf(port, `aws-kms:${KEYS[key]}`),
  bindsContext: true,
  givesUp: true,
  answers: {
    notPermitted: refused("AccessDeniedException"),
    throttled: refused("ThrottlingException"),
    broken: refused("KMSInternalException", 500),
    disabled: refused("DisabledException"),
  },
});

const PLAINTEXT = Buffer.alloc(32, 7);
const { signal } = new AbortController();

describe("a request to AWS KMS", () => {
  test("names the key, and the context as encryption context, also when it decrypts", async () => {
    const server = await serveAws();
    const client = clientOf(server.port, "aws-kms:alias/one");
    await client.decrypt(await client.encrypt(PLAINTEXT, "ctx-1", signal), "ctx-1", signal);
    const named = { KeyId: "alias/one", EncryptionContext: '{"evergrant":"ctx-1"}' };
    expect(server.requests.map(({ body }) => body)).toMatchObject([named, named]);
    expect(server.requests.map(({ headers }) => headers["content-type"])).toEqual(
      Array(2).fill("application/x-amz-json-1.1"),
    );
  });

  test("goes to the region that the ARN names", async () => {
    const server = await serveAws();
    const arn = "arn:aws:kms:ap-south-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    await clientOf(server.port, `aws-kms:${arn}`)
      .encrypt(PLAINTEXT, "ctx-1", signal)
      .catch(() => undefined);
    expect(server.requests[0]?.headers.authorization).toContain("/ap-south-1/kms/aws4_request");
    expect(server.requests[0]?.body["KeyId"]).toBe(arn);
  });
});

async function failing(error: Error): Promise<never> {
  throw error;
}

describe("a refusal by AWS", () => {
  test.each([
    ["UnrecognizedClientException", "no_identity"],
    ["ExpiredTokenException", "no_identity"],
    ["InvalidSignatureException", "no_identity"],
    ["KMSInvalidStateException", "no_such_key"],
    ["InvalidKeyUsageException", "unsuitable"],
    ["DependencyTimeoutException", "in_trouble", 503],
    ["KeyUnavailableException", "in_trouble", 500],
    ["SomethingNewException", "unrecognised"],
  ])("with %s is %s", async (type, kind, status = 400) => {
    const server = await serveAws();
    server.instead.push(() => refused(type, status)("why"));
    const client = clientOf(server.port, "aws-kms:alias/one");
    const error: unknown = await client.encrypt(PLAINTEXT, "ctx-1", signal).catch((reason: unknown) => reason);
    expect(client.failureOf(error)).toEqual({ kind, code: type });
  });

  test("is told apart from having nothing to sign with, and from having no region", async () => {
    const server = await serveAws();
    const failures: unknown[] = [];
    for (const settings of [
      { credentials: () => failing(Object.assign(new Error("none"), { name: "CredentialsProviderError" })) },
      { region: () => failing(new Error("Region is missing")) },
    ]) {
      const client = clientOf(server.port, "aws-kms:alias/one", settings);
      const error: unknown = await client.encrypt(PLAINTEXT, "ctx-1", signal).catch((reason: unknown) => reason);
      failures.push(client.failureOf(error));
    }
    expect(failures).toEqual([
      { kind: "no_identity", code: "CredentialsProviderError" },
      { kind: "unreachable", code: "no region" },
    ]);
    expect(server.requests).toEqual([]);
  });
});
