import { decodeJwt, EmbeddedJWK, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { newDpopKey } from "../../src/client/dpop-key.ts";
import { clientKeys } from "../../src/keyring/client-keys.ts";
import type { TransportResult } from "../../src/oauth/http.ts";
import { HOUR, SECOND } from "../../src/runtime/clock.ts";
import { stageSecret } from "../field/refused-client.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { answer, takes, type Play } from "../stage/plays.ts";
import { CLIENT_SECRET, TENANT } from "../stage/world.ts";

/** A connection that is bound to a key, at a server that ends a family when a used refresh token comes again. */
async function open(): Promise<{ stage: EngineStage; id: string }> {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const dpopKey = await newDpopKey({ keys: clientKeys, sealer: stage.keyring }, TENANT, { dpop_algorithms: [] });
  await stage.clients.change(stage.clientId, { dpopKey });
  return { stage, id: await stage.connect() };
}

/** From now on the server acts only on a proof with the nonce of that moment, and tells the next one with each answer. */
function wants({ server }: EngineStage, nonceNow: () => string, play: Play = (act) => act()): void {
  server.always(async (act) => {
    const wanted = nonceNow();
    const { payload } = await jwtVerify(proofOf(server.requests.at(-1)?.headers), EmbeddedJWK, { typ: "dpop+jwt" });
    return payload["nonce"] === wanted ? withNonce(await play(act), nonceNow()) : wantsNonce(wanted);
  });
}

function wantsNonce(nonce: string): TransportResult {
  return withNonce(answer(400, { error: "use_dpop_nonce" }), nonce);
}

function withNonce(result: TransportResult, nonce: string): TransportResult {
  if (result.kind === "failure") return result;
  return { ...result, response: { ...result.response, headers: { "dpop-nonce": nonce } } };
}

function proofOf(headers: Record<string, string> | undefined): string {
  return headers?.["dpop"] ?? "";
}

const sent = ({ server }: EngineStage) => server.requests.map(({ refreshToken }) => refreshToken);
const nonces = ({ server }: EngineStage) => server.requests.map(({ headers }) => decodeJwt(proofOf(headers))["nonce"]);

test("a nonce that is asked for is sent in the same claim, and nobody notices", async () => {
  const { stage, id } = await open();
  wants(stage, () => "n-1");
  await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
  expect(sent(stage)).toEqual(["refresh-1-1", "refresh-1-1"]);
  expect(nonces(stage)).toEqual([undefined, "n-1"]);
  const { connection, lease, tokens } = await stage.held(id);
  expect([connection.status, lease.epoch, lease.failures, tokens.generation]).toEqual(["active", 1, 0, 2]);
  expect(await stage.historyOf(id)).toEqual(["connected", "refreshed"]);
  expect(stage.server.reuses()).toBe(0);
  expect((await stage.clients.find(stage.clientId))?.suspension).toBeNull();
});

test("each request brings the newest nonce, also one that came with tokens, and a proof of its own", async () => {
  const { stage, id } = await open();
  let given = 0;
  wants(
    stage,
    () => `n-${given}`,
    (act) => {
      given++;
      return act();
    },
  );
  for (let n = 0; n < 3; n++) await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
  expect(nonces(stage)).toEqual([undefined, "n-0", "n-1", "n-2"]);
  const ids = stage.server.requests.map(({ headers }) => decodeJwt(proofOf(headers)).jti);
  expect(new Set(ids).size).toBe(ids.length);
  expect(stage.server.reuses()).toBe(0);
  expect((await stage.tokensOf(id)).refreshToken).toBe("refresh-1-4");
});

test("a server that is never content with a nonce condemns nobody, and its refresh token is not spent", async () => {
  const { stage, id } = await open();
  let asked = 0;
  wants(stage, () => `n-${++asked}`);
  await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "retry_later" });
  expect(sent(stage)).toHaveLength(2);
  for (let n = 0; n < 20; n++) {
    await stage.clock.advance(HOUR);
    await stage.refresh(id);
  }
  expect((await stage.held(id)).connection.status).toBe("degraded");
  wants(stage, () => "n");
  await stage.clock.advance(HOUR);
  await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
  expect(stage.server.reuses()).toBe(0);
});

test("the client's other secret is sent with the nonce that the first one was asked for", async () => {
  const { stage, id } = await open();
  await stageSecret(stage, "next");
  const refusal = answer(401, { error: "invalid_client" });
  wants(
    stage,
    () => "n-1",
    (act) => (stage.server.requests.at(-1)?.form.get("client_secret") === CLIENT_SECRET ? act() : refusal),
  );
  await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
  expect(stage.server.requests.map(({ form }) => form.get("client_secret"))).toEqual(["next", "next", CLIENT_SECRET]);
  expect(nonces(stage)).toEqual([undefined, "n-1", "n-1"]);
});

test("a nonce that comes when there is no time left to send is sent in another claim", async () => {
  const { stage, id } = await open();
  stage.server.script(takes(stage.clock, 29 * SECOND, () => wantsNonce("n-1")));
  const refresh = stage.refresh(id);
  await expect.poll(() => stage.server.requests.length).toBe(1);
  await stage.clock.advance(29 * SECOND);
  await expect(refresh).resolves.toEqual({ kind: "renewed" });
  expect(nonces(stage)).toEqual([undefined, "n-1"]);
  expect((await stage.held(id)).lease).toMatchObject({ epoch: 2, failures: 0 });
  expect(await stage.historyOf(id)).toEqual(["connected", "refreshed"]);
  expect(stage.server.reuses()).toBe(0);
});

test("a server that gives bearer tokens all the same is taken at its word, and goes on getting proofs (RFC 9449 §5)", async () => {
  const { stage, id } = await open();
  await stage.refresh(id);
  await expect(stage.read(id)).resolves.toMatchObject({ generation: 2, tokenType: "Bearer" });
  await stage.refresh(id);
  const claims = stage.server.requests.map(({ headers }) => decodeJwt(proofOf(headers)));
  const bound = claims.map(({ htm, htu }) => `${String(htm)} ${String(htu)}`);
  expect(bound).toEqual(["POST https://provider.example/token", "POST https://provider.example/token"]);
  expect(claims.filter((claim) => "ath" in claim)).toEqual([]);
});

test("nothing is sent while the key is not there, and the connection waits for it", async () => {
  const { stage, id } = await open();
  await stage.database.write((queries) => queries.deleteFrom("dpop_keys").execute());
  await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "retry_later", cause: "key_unavailable" });
  expect(stage.server.requests).toEqual([]);
  expect((await stage.held(id)).connection.status).not.toBe("reauthorization_required");
});
