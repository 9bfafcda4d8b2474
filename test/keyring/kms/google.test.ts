import * as sdk from "@google-cloud/kms";
import { generateKeyPairSync } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import { crc32c } from "../../../src/keyring/kms/crc32c.ts";
import { createGoogleClient } from "../../../src/keyring/kms/google.ts";
import { KeyServiceRefusal } from "../../../src/keyring/kms/key-failure.ts";
import type { KeyClient } from "../../../src/keyring/kms/key-client.ts";
import { parseKeyAddress } from "../../../src/keyring/kms/key-address.ts";
import { createSymmetricKey, json, serveKeys, type Answer, type KeyRequest, type KeyServer } from "./key-server.ts";
import { keyServiceContract } from "./key-service.contract.ts";

const RING = "projects/p-1/locations/europe-west3/keyRings/ring/cryptoKeys";
const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});

/** google.rpc.Status in JSON. */
function refused(code: number, status: string) {
  return (text: string): Answer => json(code, { error: { code, status, message: text } });
}

/** Bytes of a field, as its checksum says they were sent. */
function bytesOf({ body }: KeyRequest, field: string): Buffer {
  const bytes = Buffer.from(body[field] ?? "", "base64");
  if (body[`${field}Crc32c`] !== String(crc32c(bytes))) throw new Error(`the checksum of ${field} is missing or wrong`);
  return bytes;
}

async function serveGoogle(): Promise<KeyServer> {
  const keys = new Map(["one", "other"].map((id) => [`/v1/${RING}/${id}`, createSymmetricKey()]));
  return serveKeys((request) => {
    const [path = "", operation] = (request.path.split("?")[0] ?? "").split(":");
    const key = keys.get(path);
    if (!key) return refused(404, "NOT_FOUND")("no such key");
    const context = bytesOf(request, "additionalAuthenticatedData").toString();
    if (operation === "encrypt") {
      const ciphertext = key.encrypt(bytesOf(request, "plaintext"), context);
      return json(200, {
        name: `${path.slice(4)}/cryptoKeyVersions/1`,
        ciphertext: ciphertext.toString("base64"),
        ciphertextCrc32c: String(crc32c(ciphertext)),
        verifiedPlaintextCrc32c: true,
        verifiedAdditionalAuthenticatedDataCrc32c: true,
        protectionLevel: "SOFTWARE",
      });
    }
    const plaintext = key.decrypt(bytesOf(request, "ciphertext"), context);
    if (!plaintext) return refused(400, "INVALID_ARGUMENT")("Decryption failed: the ciphertext is invalid.");
    return json(200, {
      plaintext: plaintext.toString("base64"),
      plaintextCrc32c: String(crc32c(plaintext)),
      usedPrimary: true,
    });
  });
}

function clientOf(port: number, key: string, account: object = {}) {
  const address = parseKeyAddress(`google-kms:${RING}/${key}`);
  if (address.kind !== "google-kms") throw new Error("not an address of Google");
  const credentials = { client_email: "evergrant@p-1.iam.gserviceaccount.com", private_key: privateKey, ...account };
  return createGoogleClient(sdk, address, { apiEndpoint: "127.0.0.1", port, protocol: "http", credentials });
}

keyServiceContract("Google Cloud KMS", {
  serve: serveGoogle,
  client: async (port, key) => clientOf(port, key),
  bindsContext: true,
  givesUp: true,
  answers: {
    notPermitted: refused(403, "PERMISSION_DENIED"),
    throttled: refused(429, "RESOURCE_EXHAUSTED"),
    broken: refused(500, "INTERNAL"),
    disabled: refused(400, "FAILED_PRECONDITION"),
  },
});

const PLAINTEXT = Buffer.alloc(32, 7);
const { signal } = new AbortController();

async function failureOf(client: KeyClient, call: Promise<unknown>) {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  return error instanceof KeyServiceRefusal ? error.failure : client.failureOf(error);
}

describe("a request to Google Cloud KMS", () => {
  test("is signed for, and binds the context", async () => {
    const server = await serveGoogle();
    await clientOf(server.port, "one").encrypt(PLAINTEXT, "ctx-1", signal);
    const [request] = server.requests;
    expect(request?.headers.authorization).toMatch(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/);
    expect(request?.body["additionalAuthenticatedData"]).toBe(Buffer.from("ctx-1").toString("base64"));
  });

  test.each<[string, object]>([
    ["arrived changed", { verifiedPlaintextCrc32c: false, verifiedAdditionalAuthenticatedDataCrc32c: true }],
    [
      "arrived with another context",
      { verifiedPlaintextCrc32c: true, verifiedAdditionalAuthenticatedDataCrc32c: false },
    ],
    ["was not checked", {}],
    [
      "came back changed",
      { verifiedPlaintextCrc32c: true, verifiedAdditionalAuthenticatedDataCrc32c: true, ciphertextCrc32c: "1" },
    ],
  ])("that %s is not believed", async (_what, answer) => {
    const server = await serveGoogle();
    server.instead.push(() =>
      json(200, { ciphertext: "AAAA", ciphertextCrc32c: String(crc32c(Buffer.alloc(3))), ...answer }),
    );
    const client = clientOf(server.port, "one");
    const failure = await failureOf(client, client.encrypt(PLAINTEXT, "ctx-1", signal));
    expect(failure).toEqual({ kind: "in_trouble", code: "checksum" });
  });

  test("whose plaintext came back changed is not believed", async () => {
    const server = await serveGoogle();
    server.instead.push(() => json(200, { plaintext: "AAAA", plaintextCrc32c: "1" }));
    const client = clientOf(server.port, "one");
    const failure = await failureOf(client, client.decrypt(Buffer.alloc(60), "ctx-1", signal));
    expect(failure).toEqual({ kind: "in_trouble", code: "checksum" });
  });
});

describe("without an account", () => {
  test("a call says so, and nothing is left to end the process", async () => {
    vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/account.json");
    const address = parseKeyAddress(`google-kms:${RING}/one`);
    if (address.kind !== "google-kms") throw new Error("not an address of Google");
    const client = createGoogleClient(sdk, address);
    const failure = await failureOf(client, client.encrypt(PLAINTEXT, "ctx-1", signal));
    expect(failure).toEqual({ kind: "no_identity", code: "none found" });
  });

  test("a call with one of another Google says so, and nothing is left to end the process", async () => {
    const server = await serveGoogle();
    const client = clientOf(server.port, "one", { universe_domain: "google.example" });
    const failure = await failureOf(client, client.encrypt(PLAINTEXT, "ctx-1", signal));
    expect(failure).toEqual({ kind: "no_identity", code: "none found" });
    expect(server.requests).toEqual([]);
  });

  test.each<[string, Error, string]>([
    ["finds none", new Error("Could not load the default credentials. Browse to …"), "none found"],
    ["has one that was taken back", new Error('{"error":"invalid_grant","error_description":"Bad"}'), "invalid_grant"],
  ])("a call that %s says so", (_what, error, code) => {
    expect(clientOf(1, "one").failureOf(error)).toEqual({ kind: "no_identity", code });
  });
});

test.each<[string, unknown, unknown]>([
  ["a gateway's page", Object.assign(new Error("<html>"), { code: 502 }), { kind: "in_trouble", code: "502" }],
  [
    "a code of google.rpc.Code",
    Object.assign(new Error("5 NOT_FOUND: …"), { code: 5 }),
    { kind: "no_such_key", code: "NOT_FOUND" },
  ],
  ["anything else", "text", { kind: "unrecognised", code: "no code" }],
])("a failure that is %s is understood", (_what, error, failure) => {
  expect(clientOf(1, "one").failureOf(error)).toEqual(failure);
});

test("Google's packages may not be told to print what they send", () => {
  vi.stubEnv("GOOGLE_SDK_NODE_LOGGING", "*");
  expect(() => clientOf(1, "one")).toThrow(/GOOGLE_SDK_NODE_LOGGING makes .* print the root key\. Unset it\./);
});

afterEach(() => void vi.unstubAllEnvs());
