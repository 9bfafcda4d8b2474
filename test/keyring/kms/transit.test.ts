import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { KeyServiceRefusal } from "../../../src/keyring/kms/key-failure.ts";
import { parseKeyAddress } from "../../../src/keyring/kms/key-address.ts";
import { createTransitClient } from "../../../src/keyring/kms/transit.ts";
import type { TransitAccess } from "../../../src/keyring/kms/transit-access.ts";
import { secret } from "../../../src/runtime/secret.ts";
import { openTransport } from "../../network/loopback.ts";
import { temporaryFolder } from "../../stage/temporary-folder.ts";
import { json, type Answer } from "./key-server.ts";
import { keyServiceContract } from "./key-service.contract.ts";
import { refused, serveTransit, TOKEN } from "./transit-server.ts";

const ACCESS: TransitAccess = { token: { kind: "value", text: secret(TOKEN) }, namespace: null };

function clientOf(port: number, key: string, access = ACCESS) {
  const address = parseKeyAddress(`transit:http://127.0.0.1:${port}/v1/team/transit/${key}`);
  if (address.kind !== "transit") throw new Error("not an address of a Transit engine");
  return createTransitClient(openTransport(), address, access);
}

keyServiceContract("a Transit engine", {
  serve: serveTransit,
  client: async (port, key) => clientOf(port, key),
  bindsContext: true,
  givesUp: false,
  answers: {
    notPermitted: refused(403),
    throttled: refused(429),
    broken: refused(500),
    disabled: refused(400, "ciphertext or signature version is disallowed by policy (too old)"),
  },
});

const PLAINTEXT = Buffer.alloc(32, 7);
const { signal } = new AbortController();

async function refusalOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => null,
    (error: unknown) => (error instanceof KeyServiceRefusal ? error.failure : error),
  );
}

describe("a request to a Transit engine", () => {
  test("binds the context, and names the namespace where there is one", async () => {
    const server = await serveTransit();
    await clientOf(server.port, "one", { ...ACCESS, namespace: "team-a" }).encrypt(PLAINTEXT, "ctx-1", signal);
    await clientOf(server.port, "one").encrypt(PLAINTEXT, "ctx-1", signal);
    expect(server.requests.map(({ headers }) => headers["x-vault-namespace"])).toEqual(["team-a", undefined]);
    expect(server.requests[0]?.body["associated_data"]).toBe(Buffer.from("ctx-1").toString("base64"));
  });

  test("has the token that the file holds at that moment", async () => {
    const path = join(temporaryFolder(), "token");
    const server = await serveTransit();
    const client = clientOf(server.port, "one", { token: { kind: "file", path }, namespace: null });
    writeFileSync(path, `${TOKEN}-old\n`);
    expect(await refusalOf(client.encrypt(PLAINTEXT, "ctx-1", signal))).toEqual({
      kind: "not_permitted",
      code: "HTTP 403",
    });
    writeFileSync(path, `${TOKEN}\n`);
    expect(Buffer.from(await client.encrypt(PLAINTEXT, "ctx-1", signal)).toString()).toMatch(/^vault:v1:/);
  });

  test.each<[string, TransitAccess["token"], string]>([
    ["no token", null, "no token"],
    ["a file that is not there", { kind: "file", path: "/nowhere/token" }, "token file unreadable"],
    ["an empty token", { kind: "value", text: secret(" \n") }, "not a token"],
    ["two lines", { kind: "value", text: secret("hvs.1\nX-Injected: 1") }, "not a token"],
  ])("is not sent with %s", async (_what, token, code) => {
    const server = await serveTransit();
    const client = clientOf(server.port, "one", { token, namespace: null });
    expect(await refusalOf(client.encrypt(PLAINTEXT, "ctx-1", signal))).toEqual({ kind: "no_identity", code });
    expect(server.requests).toEqual([]);
  });
});

describe("an answer of a Transit engine", () => {
  test.each<[string, Answer, string]>([
    ["of an unknown mount", refused(404)("no handler for route"), "no_such_key"],
    ["of a key that was deleted", refused(400)("refusing to use soft-deleted key"), "no_such_key"],
    [
      "of a key of RSA",
      refused(400)("'[0].associated_data' provided for non-AEAD cipher suite rsa-2048"),
      "unsuitable",
    ],
    ["of a derived key", refused(400)("missing 'context' for key derivation"), "unsuitable"],
    ["of a sealed server", refused(503)("Vault is sealed"), "in_trouble"],
    ["of a standby", refused(472)(""), "in_trouble"],
    [
      "that sends elsewhere",
      (response) => void response.writeHead(307, { location: "https://other.example/" }).end(),
      "unrecognised",
    ],
    ["without a ciphertext", json(200, { data: { ciphertext: "v1:AAAA" } }), "unrecognised"],
    ["of another API", json(200, { data: "AAAA" }), "unrecognised"],
  ])("%s is %s", async (_what, answer, kind) => {
    const server = await serveTransit();
    server.instead.push(() => answer);
    const failure = await refusalOf(clientOf(server.port, "one").encrypt(PLAINTEXT, "ctx-1", signal));
    expect(failure).toMatchObject({ kind });
  });

  test("whose plaintext is not base64 is no plaintext", async () => {
    const server = await serveTransit();
    const client = clientOf(server.port, "one");
    const stored = await client.encrypt(PLAINTEXT, "ctx-1", signal);
    server.instead.push(() => json(200, { data: { plaintext: "not base64!" } }));
    expect(await refusalOf(client.decrypt(stored, "ctx-1", signal))).toMatchObject({ kind: "unrecognised" });
  });
});
