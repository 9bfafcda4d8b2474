import { cpSync } from "node:fs";
import { createEvergrant } from "@evergrant/sdk";
import { expect, test } from "vitest";
import { systemRandom } from "../../src/service/system.ts";
import { startService } from "../../src/service/service.ts";
import { createApi } from "../stage/api.ts";
import { createGate } from "../stage/gate.ts";
import { freePort } from "../stage/free-port.ts";
import { openStage } from "../stage/stage.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { entryOf, startRotatingEndpoint } from "./rotating-endpoint.ts";
import { later } from "./later.ts";

test("google-home-discards-token-after-5s: the refresh goes on after its caller has given up", async () => {
  const endpoint = await startRotatingEndpoint();
  const gate = createGate();
  endpoint.gate = gate;
  const stage = await openStage({ provider: () => entryOf(endpoint) });
  const adopted = { client: stage.clientId, token_set: { refresh_token: "rt-0" } };
  const id = (await stage.api("POST", "/v1/connections/import", adopted)).at("id");
  const impatience = new AbortController();
  const caller = createEvergrant({ url: stage.service.url, apiKey: stage.adminKey }).connection(id);
  const asked = caller.accessToken({ signal: impatience.signal });
  await expect.poll(() => endpoint.sent).toEqual(["rt-0"]);
  impatience.abort();
  await expect(asked).rejects.toMatchObject({ name: "AbortError" });
  gate.open();
  const detail = async () => (await stage.api("GET", `/v1/connections/${id}`)).body;
  await expect.poll(detail).toMatchObject({ status: "active", generation: 2 });
  expect((await stage.token(id)).body).toMatchObject({ access_token: "at-1", refresh_state: "ok" });
  expect(endpoint.sent).toEqual(["rt-0"]);
});

// A restart right after a token was handed out finds what was on disk at that moment, and nothing later.
test("token-flushed-late-restart-uses-old: a token that was handed out is on disk with the refresh token that came with it", async () => {
  const stage = await openStage({ behaviour: { reuse: { kind: "revoke_family" } } });
  const { connectionId } = await stage.connect();
  await later(stage, 3_600_000);
  const handedOut = await stage.token(connectionId);
  const dataDir = temporaryFolder();
  cpSync(stage.settings.dataDir, dataDir, { recursive: true });

  const port = await freePort();
  const afterPowerCut = await startService(
    { ...stage.settings, dataDir, port, database: { kind: "sqlite", path: `${dataDir}/evergrant.db` } },
    { clock: stage.clock, random: systemRandom, log: { write: () => undefined } },
  );
  try {
    const api = createApi(afterPowerCut.url, stage.adminKey);
    const path = `/v1/connections/${connectionId}`;
    expect((await api("GET", `${path}/access-token`)).body).toEqual(handedOut.body);
    expect((await api("POST", `${path}/refresh`)).body).toMatchObject({ status: "active", generation: 3 });
    expect(stage.sandbox.control.counts()).toMatchObject({ refreshesSucceeded: 2, reuseDetected: 0 });
  } finally {
    await afterPowerCut.close();
  }
});

/** A provider that forgives a repetition for as long as its entry says; the first answer is cut off after it has acted. */
async function cutFirstAnswer(forgivesSeconds: number) {
  const forgives = forgivesSeconds > 0;
  const stage = await openStage({
    behaviour: { reuse: forgives ? { kind: "accept", seconds: forgivesSeconds } : { kind: "revoke_family" } },
    provider: (issuer) => ({
      name: "Sandbox",
      issuer,
      authorization_url: `${issuer}/authorize`,
      token_url: `${issuer}/token`,
      offline_access: { scopes: ["offline_access"], parameters: { prompt: "consent" } },
      replay: forgives ? { class: "window", seconds: forgivesSeconds } : { class: "punished" },
    }),
  });
  const { connectionId } = await stage.connect();
  const path = `/v1/connections/${connectionId}`;
  const cutAt = stage.clock.now();
  stage.sandbox.control.change({ tokenEndpointFault: { kind: "cut_after_commit", times: 1 } });
  await stage.api("POST", `${path}/refresh`);
  async function secondLater(): Promise<unknown> {
    await stage.clock.advance(1000);
    return (await stage.api("GET", path)).body;
  }
  return { stage, secondLater, elapsed: () => stage.clock.now() - cutAt };
}

// The machine changes networks between the request and its answer.
test("network-change-before-invalid-grant-8-of-10: what the network swallowed is asked for again while it is forgiven", async () => {
  const forgiving = await cutFirstAnswer(30);
  await expect.poll(forgiving.secondLater).toMatchObject({ status: "active", generation: 2 });
  expect(forgiving.elapsed()).toBeLessThan(30_000);
  const { control } = forgiving.stage.sandbox;
  expect(control.counts()).toMatchObject({ refreshRequests: 2, refreshesSucceeded: 2 });

  const strict = await cutFirstAnswer(0);
  const diagnosis = { cause: "rotation_lost", confidence: "likely" };
  await expect.poll(strict.secondLater).toMatchObject({ status: "reauthorization_required", diagnosis });
  expect(strict.stage.sandbox.control.counts()).toMatchObject({ refreshRequests: 2, refreshesSucceeded: 1 });
  expect(strict.stage.log.filter((line) => line.includes('"refresh.answer_lost"'))).toHaveLength(1);
});
