import { describe, expect, test } from "vitest";
import { clientProof, secretAddress, type AuthenticationDeps } from "../../src/client/authentication.ts";
import type { LiveSecret } from "../../src/client/client-secret.ts";
import { DEFAULT_CLIENT_SETTINGS, type Client } from "../../src/client/client.ts";
import type { SealAddress, Sealer } from "../../src/runtime/sealer.ts";
import { secret } from "../../src/runtime/secret.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { NEW_SECRET } from "../stage/new-secret.ts";
import { createSeededRandom } from "../stage/seeded-random.ts";

const CLIENT: Client = {
  id: "cli_1",
  tenantId: "ten_1",
  providerId: "acme",
  clientId: "client-1",
  authentication: "client_secret_basic",
  scopes: [],
  settings: DEFAULT_CLIENT_SETTINGS,
  publicUrl: null,
  suspension: null,
  learnedLife: null,
  dpopKey: null,
  createdAt: 0,
};

const ACTIVE: LiveSecret = {
  ...NEW_SECRET,
  id: "sec_2",
  sealed: Buffer.from("sealed by the keyring"),
  awaitsTrial: false,
};

const PORTS = { clock: createManualClock(), random: createSeededRandom(1) };

const unused = () => Promise.reject(new Error("not asked for here"));

/** A store that knows one active secret, and keeps which clients it was asked about. */
function storeWith(active: LiveSecret | null) {
  const asked: string[] = [];
  const clients: AuthenticationDeps["clients"] = {
    liveSecrets: async (clientId) => {
      asked.push(clientId);
      return active ? [active] : [];
    },
  };
  return { clients, asked };
}

/** A sealer that opens one record at one place. */
function sealerAt(place: SealAddress): Sealer {
  return {
    seal: unused,
    name: unused,
    open: async (address, sealed) => {
      expect({ address, sealed }).toEqual({ address: place, sealed: ACTIVE.sealed });
      return secret("s-2");
    },
  };
}

const PLACE: SealAddress = { tenantId: "ten_1", recordId: "sec_2", field: "client_secret", generation: 0 };

describe("what proves a client", () => {
  test.each(["client_secret_basic", "client_secret_post"] as const)("is its active secret, with %s", async (method) => {
    const { clients, asked } = storeWith(ACTIVE);
    const deps = { ...PORTS, clients, sealer: sealerAt(PLACE) };
    const { authentication: proof } = await clientProof(deps, { ...CLIENT, authentication: method });
    expect(proof).toMatchObject({ method, clientId: "client-1" });
    expect("clientSecret" in proof && proof.clientSecret.reveal()).toBe("s-2");
    expect(asked).toEqual(["cli_1"]);
  });

  test("is its name alone when it is a public client, and no secret is looked up", async () => {
    const { clients, asked } = storeWith(ACTIVE);
    const deps = { ...PORTS, clients, sealer: sealerAt(PLACE) };
    expect(await clientProof(deps, { ...CLIENT, authentication: "none" })).toEqual({
      authentication: { method: "none", clientId: "client-1" },
      secret: null,
      isTrial: false,
    });
    expect(asked).toEqual([]);
  });

  test("is missing when it has no active secret, and the operator learns what to do", async () => {
    const { clients } = storeWith(null);
    const proof = clientProof({ ...PORTS, clients, sealer: sealerAt(PLACE) }, CLIENT);
    await expect(proof).rejects.toMatchObject({
      code: "client_suspended",
      message: expect.stringContaining("POST /v1/clients/{id}/secrets"),
    });
  });

  test("is missing when its secret cannot be opened", async () => {
    const away = new ServiceError("key_unavailable", "The key is away.");
    const sealer: Sealer = { seal: unused, name: unused, open: () => Promise.reject(away) };
    const proof = clientProof({ ...PORTS, clients: storeWith(ACTIVE).clients, sealer }, CLIENT);
    await expect(proof).rejects.toBe(away);
  });
});

test("a client secret is sealed at its own id, where no other record can be put", () => {
  expect(secretAddress("ten_1", "sec_2")).toEqual(PLACE);
});
