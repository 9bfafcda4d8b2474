import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openKeyService } from "../../../src/keyring/kms/open-key-service.ts";
import { PACKAGES, type Packages } from "../../../src/keyring/kms/packages.ts";
import { secret } from "../../../src/runtime/secret.ts";
import { openTransport } from "../../network/loopback.ts";
import { createManualClock } from "../../stage/manual-clock.ts";
import { json, serveKeys } from "./key-server.ts";

const ADDRESSES: [string, readonly (keyof Packages)[]][] = [
  ["aws-kms:alias/evergrant", ["@aws-sdk/client-kms"]],
  ["google-kms:projects/p-1/locations/global/keyRings/r/cryptoKeys/k", ["@google-cloud/kms"]],
  ["azure-kms:https://evergrant.vault.azure.net/keys/root", ["@azure/keyvault-keys", "@azure/identity"]],
  ["transit:https://vault.example/v1/transit/evergrant", []],
];

const transportTo = (host: string) => openTransport([host]);

function open(address: string, packages?: Packages) {
  const transit = { token: { kind: "value" as const, text: secret("hvs.1") }, namespace: null };
  return openKeyService(address, {
    clock: createManualClock(),
    transportTo,
    transit,
    ...(packages ? { packages } : {}),
  });
}

/** Packages of which those that `broken` names cannot be loaded. */
function packagesWithout(broken: readonly string[], code: string) {
  const loaded: string[] = [];
  const missing = async () => Promise.reject(Object.assign(new Error("no such package"), { code }));
  const entry = (name: keyof Packages) => ({
    [name]: async () => {
      loaded.push(name);
      return broken.includes(name) ? missing() : PACKAGES[name]();
    },
  });
  const packages = {
    ...PACKAGES,
    ...entry("@aws-sdk/client-kms"),
    ...entry("@azure/identity"),
    ...entry("@azure/keyvault-keys"),
    ...entry("@google-cloud/kms"),
  };
  return { packages, loaded };
}

describe("a key service is opened", () => {
  test.each(ADDRESSES)("by %s, with its own packages and no others", async (address, names) => {
    const { packages, loaded } = packagesWithout([], "");
    const service = await open(address, packages);
    expect(service.name).toBe(address);
    expect(loaded).toEqual(names);
  });

  test("by the address of a private host, over a transport that may reach this host", async () => {
    const server = await serveKeys(() => json(200, { data: { ciphertext: "vault:v1:AAAA" } }));
    const service = await open(`transit:http://${server.host}/v1/transit/evergrant`);
    const ciphertext = await service.encrypt(secret(Buffer.alloc(32)), "ctx-1");
    expect(Buffer.from(ciphertext).toString()).toBe("vault:v1:AAAA");
  });

  test("by no other address", async () => {
    await expect(open("aws:evergrant")).rejects.toMatchObject({ code: "invalid_request" });
  });
});

describe("a package that is missing", () => {
  const cases = ADDRESSES.flatMap(([address, names]) => names.map((name): [string, string] => [name, address]));

  test.each(cases)("is asked for by name: %s", async (name, address) => {
    const { packages } = packagesWithout([name], "ERR_MODULE_NOT_FOUND");
    const [, scope = ""] = /^(@[\w-]+\/)/.exec(name) ?? [];
    await expect(open(address, packages)).rejects.toMatchObject({
      code: "key_unavailable",
      message: expect.stringMatching(
        new RegExp(
          `^The package ${name} is not installed\\. Run \`npm install ${scope}[^\`]*\` where Evergrant is installed\\.$`,
        ),
      ),
    });
  });

  test("is told apart from one that is broken", async () => {
    const { packages } = packagesWithout(["@aws-sdk/client-kms"], "ERR_DLOPEN_FAILED");
    await expect(open("aws-kms:alias/evergrant", packages)).rejects.toThrow(/@aws-sdk\/client-kms cannot be loaded/);
  });

  test("does not keep anything else from being installed: all are optional", () => {
    const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
    const { peerDependencies, peerDependenciesMeta, dependencies } = JSON.parse(text);
    const names = Object.keys(PACKAGES).toSorted();
    expect(Object.keys(peerDependencies).toSorted()).toEqual(names);
    expect(names.map((name) => peerDependenciesMeta[name])).toEqual(names.map(() => ({ optional: true })));
    expect(names.filter((name) => name in dependencies)).toEqual([]);
  });
});
