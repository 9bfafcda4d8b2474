import { EnvironmentCredential, ManagedIdentityCredential, type TokenCredential } from "@azure/identity";
import * as sdk from "@azure/keyvault-keys";
import { constants, generateKeyPairSync, privateDecrypt, publicEncrypt, type KeyObject } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createAzureClient } from "../../../src/keyring/kms/azure.ts";
import { parseKeyAddress } from "../../../src/keyring/kms/key-address.ts";
import { json, serveKeys, type Answer, type KeyServer } from "./key-server.ts";
import { keyServiceContract } from "./key-service.contract.ts";

const TOKEN = "eyJ.token-of-key-vault";
const VERSIONS = ["0123456789abcdef0123456789abcde1", "0123456789abcdef0123456789abcde2"] as const;

/** Made once: keys of RSA take a while. */
const RSA = Array.from({ length: 2 }, () => generateKeyPairSync("rsa", { modulusLength: 2048 }));

function refused(status: number, code: string, inner?: string) {
  return (text: string): Answer =>
    json(status, { error: { code, message: text, ...(inner === undefined ? {} : { innererror: { code: inner } }) } });
}

interface Version {
  id: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
}

/** A vault with the keys `one` and `other`; the newest of their versions is the last. */
async function serveVault(keys: Record<string, Version[]> = vault()): Promise<KeyServer & { challenges: string[] }> {
  const challenges: string[] = [];
  const server = await serveKeys(
    ({ path, body }) => {
      const [, name = "", id, operation] = /^\/keys\/(\w+)\/(\w+)\/(wrapkey|unwrapkey)\?/.exec(path) ?? [];
      const version = keys[name]?.find((each) => each.id === id);
      if (!version) return refused(404, "KeyNotFound")("no such key");
      if (body["alg"] !== "RSA-OAEP-256") return refused(400, "BadParameter")("another algorithm");
      const oaep = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" };
      const value = Buffer.from(body["value"] ?? "", "base64url");
      const kid = `https://evergrant.vault.azure.net/keys/${name}/${id}`;
      if (operation === "wrapkey") {
        const wrapped = publicEncrypt({ key: version.publicKey, ...oaep }, value);
        return json(200, { kid, value: wrapped.toString("base64url") });
      }
      try {
        const unwrapped = privateDecrypt({ key: version.privateKey, ...oaep }, value);
        return json(200, { kid, value: unwrapped.toString("base64url") });
      } catch {
        return refused(400, "BadParameter")("cannot be unwrapped");
      }
    },
    ({ path, headers, body }) => {
      if (headers.authorization !== `Bearer ${TOKEN}`) {
        challenges.push(JSON.stringify(body));
        const challenge = `Bearer authorization="https://login.microsoftonline.com/t-1", resource="https://vault.azure.net"`;
        return json(401, { error: { code: "Unauthorized" } }, { "www-authenticate": challenge });
      }
      const [, name = ""] = /^\/keys\/(\w+)\/?\?/.exec(path) ?? [];
      if (name === "") return null;
      const newest = keys[name]?.at(-1);
      if (!newest) return refused(404, "KeyNotFound")("no such key");
      const jwk = newest.publicKey.export({ format: "jwk" });
      return json(200, {
        key: {
          ...jwk,
          kid: `https://evergrant.vault.azure.net/keys/${name}/${newest.id}`,
          key_ops: ["wrapKey", "unwrapKey"],
        },
        attributes: { enabled: true },
      });
    },
  );
  return { ...server, challenges };
}

function vault(): Record<string, Version[]> {
  const [one, other] = RSA;
  if (!one || !other) throw new Error("no keys");
  return { one: [{ id: VERSIONS[0], ...one }], other: [{ id: VERSIONS[0], ...other }] };
}

const scopes: unknown[] = [];
const credential = {
  getToken: async (scope: string | string[]) => {
    scopes.push(scope);
    return { token: TOKEN, expiresOnTimestamp: Date.now() + 3_600_000 };
  },
};

function clientOf(port: number, key: string, settings: object = {}, identity: TokenCredential = credential) {
  const address = parseKeyAddress(`azure-kms:https://evergrant.vault.azure.net/keys/${key}`);
  if (address.kind !== "azure-kms") throw new Error("not an address of Azure");
  return createAzureClient(
    sdk,
    identity,
    { ...address, origin: `http://127.0.0.1:${port}` },
    {
      disableChallengeResourceVerification: true,
      allowInsecureConnection: true,
      ...settings,
    },
  );
}

keyServiceContract("Azure Key Vault", {
  serve: serveVault,
  client: async (port, key) => clientOf(port, key),
  bindsContext: false,
  givesUp: true,
  answers: {
    notPermitted: refused(403, "Forbidden", "ForbiddenByRbac"),
    throttled: refused(429, "Throttled"),
    broken: refused(500, "InternalError"),
    disabled: refused(403, "Forbidden", "KeyDisabled"),
  },
});

const PLAINTEXT = Buffer.alloc(32, 7);
const { signal } = new AbortController();

describe("the version of a key in Key Vault", () => {
  test("is stored with the ciphertext, which opens after the key was rotated", async () => {
    const [first, second] = RSA;
    if (!first || !second) throw new Error("no keys");
    const one: Version[] = [{ id: VERSIONS[0], ...first }];
    const server = await serveVault({ one });
    const client = clientOf(server.port, "one");
    const before = await client.encrypt(PLAINTEXT, "", signal);
    one.push({ id: VERSIONS[1], ...second });
    const after = await client.encrypt(PLAINTEXT, "", signal);
    for (const stored of [before, after]) expect(await client.decrypt(stored, "", signal)).toEqual(PLAINTEXT);
    const asked = server.requests.map(({ path }) => path.split("?")[0]?.replace("/keys/one/", ""));
    expect(asked).toEqual([
      `${VERSIONS[0]}/wrapkey`,
      `${VERSIONS[1]}/wrapkey`,
      `${VERSIONS[0]}/unwrapkey`,
      `${VERSIONS[1]}/unwrapkey`,
    ]);
  });

  test("is the one that was configured, and then nobody has to be permitted to read the key", async () => {
    const server = await serveVault({});
    await clientOf(server.port, `one/${VERSIONS[1]}`)
      .encrypt(PLAINTEXT, "", signal)
      .catch(() => undefined);
    expect(server.requests.map(({ path }) => path.split("?")[0])).toEqual([`/keys/one/${VERSIONS[1]}/wrapkey`]);
  });

  test.each<[string, Uint8Array]>([
    ["leads elsewhere", Buffer.concat([Buffer.from([8]), Buffer.from("../other"), Buffer.alloc(256)])],
    ["is longer than all", Buffer.from([64, 65])],
    ["is missing", Buffer.from([0, 1, 2, 3])],
    ["is all there is", Buffer.from([1, 65])],
  ])("is not believed when it %s", async (_what, stored) => {
    const server = await serveVault();
    const refusal = await clientOf(server.port, "one")
      .decrypt(stored, "", signal)
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({ failure: { kind: "other_key", code: "no version" } });
    expect([server.requests, server.challenges]).toEqual([[], []]);
  });
});

describe("who asks Key Vault", () => {
  test("is told only after the challenge, which no plaintext goes with", async () => {
    scopes.length = 0;
    const server = await serveVault();
    await clientOf(server.port, "one").encrypt(PLAINTEXT, "", signal);
    expect(server.challenges).toEqual(["{}", "{}"]);
    expect(scopes).toEqual([["https://vault.azure.net/.default"], ["https://vault.azure.net/.default"]]);
  });

  test("is not told to a server that another's token would be good for", async () => {
    scopes.length = 0;
    const server = await serveVault();
    const client = clientOf(server.port, "one", { disableChallengeResourceVerification: false });
    const error: unknown = await client.encrypt(PLAINTEXT, "", signal).catch((reason: unknown) => reason);
    expect(client.failureOf(error).kind).toBe("unrecognised");
    expect(scopes).toEqual([]);
  });

  test("is the managed identity of the machine", async () => {
    const tokens = await serveKeys(() =>
      json(200, {
        access_token: TOKEN,
        expires_on: "1999999999",
        token_type: "Bearer",
        resource: "https://vault.azure.net",
      }),
    );
    vi.stubEnv("IDENTITY_ENDPOINT", `http://${tokens.host}/msi/token`);
    vi.stubEnv("IDENTITY_HEADER", "h-1");
    const server = await serveVault();
    const client = clientOf(server.port, "one", {}, new ManagedIdentityCredential());
    expect(await client.encrypt(PLAINTEXT, "", signal)).toHaveLength(1 + 32 + 256);
    expect(tokens.requests[0]?.path).toContain(encodeURIComponent("https://vault.azure.net"));
  });

  test("has to be known", async () => {
    const server = await serveVault();
    const client = clientOf(server.port, "one", {}, new EnvironmentCredential());
    const error: unknown = await client.encrypt(PLAINTEXT, "", signal).catch((reason: unknown) => reason);
    expect(client.failureOf(error)).toEqual({ kind: "no_identity", code: "CredentialUnavailableError" });
  });
});

afterEach(() => void vi.unstubAllEnvs());
