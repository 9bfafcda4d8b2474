import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createEvergrant } from "@evergrant/sdk";
import { expect, test, vi } from "vitest";
import { openStage } from "../stage/stage.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { entryOf, startRotatingEndpoint } from "./rotating-endpoint.ts";
import { openServiceProcess } from "./service-process.ts";
import { later } from "./later.ts";

// They are short, but the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

const HOUR = 3_600_000;

test("airbyte-no-way-to-write-back-config: what a killed process has handed out is what the next one goes on from", async () => {
  const endpoint = await startRotatingEndpoint();
  const { api, path, refresh, startAgainAfter } = await openServiceProcess(endpoint);
  const handedOut = await api("GET", `${path}/access-token`);
  expect(handedOut.body).toMatchObject({ access_token: "at-1", generation: 2 });
  await startAgainAfter("SIGKILL");
  expect((await api("GET", `${path}/access-token`)).body).toMatchObject({ access_token: "at-1", generation: 2 });
  expect((await refresh()).body).toMatchObject({ status: "active", generation: 3 });
  expect(endpoint.sent).toEqual(["rt-0", "rt-1"]);
});

// One process writes, another reads: the place has to be the same.
test("intuit-nested-config-blocks-update: two refreshes in two processes send two different tokens", async () => {
  const endpoint = await startRotatingEndpoint();
  const { refresh, startAgainAfter } = await openServiceProcess(endpoint);
  expect((await refresh()).body).toMatchObject({ status: "active", generation: 2 });
  await startAgainAfter("SIGTERM");
  expect((await refresh()).body).toMatchObject({ status: "active", generation: 3 });
  expect(endpoint.sent).toEqual(["rt-0", "rt-1"]);
});

// The provider has nothing to ask but a refresh, so each kind of test costs the token that it finds.
test("check-connection-consumes-single-use-token: verification, check and refresh leave what the next read needs", async () => {
  const endpoint = await startRotatingEndpoint();
  const stage = await openStage({ provider: () => entryOf(endpoint) });
  const adopted = { client: stage.clientId, token_set: { refresh_token: "rt-0" }, verify: true };
  const id = (await stage.api("POST", "/v1/connections/import", adopted)).at("id");
  const checked = await stage.api("POST", `/v1/connections/${id}/check`);
  expect(checked.body).toMatchObject({ proven_by: "refresh", connection: { status: "active" } });
  const refreshed = await stage.api("POST", `/v1/connections/${id}/refresh`);
  expect(refreshed.body).toMatchObject({ status: "active", generation: 4 });
  await later(stage, HOUR);
  expect((await stage.token(id)).body).toMatchObject({ access_token: "at-4", refresh_state: "ok" });
  expect(endpoint.sent).toEqual(["rt-0", "rt-1", "rt-2", "rt-3"]);
});

// Reloads of every kind come down to a restart of the service.
test("go-tokensource-rotation-lost-on-restart: three rotations and three restarts use each token once", async () => {
  const stage = await openStage({ behaviour: { reuse: { kind: "revoke_family" } } });
  const { connectionId } = await stage.connect();
  const path = `/v1/connections/${connectionId}`;
  for (let cycle = 1; cycle <= 3; cycle++) {
    expect((await stage.api("POST", `${path}/refresh`)).body).toMatchObject({ generation: cycle + 1 });
    await stage.restart();
    const check = await stage.api("POST", `${path}/check`);
    expect(check.body).toMatchObject({ proven_by: "userinfo", connection: { status: "active" } });
    expect((await stage.token(connectionId)).body).toMatchObject({ generation: cycle + 1, refresh_state: "ok" });
  }
  expect(stage.sandbox.control.counts()).toMatchObject({ refreshRequests: 3, refreshesSucceeded: 3, reuseDetected: 0 });
});

// A tap keeps its configuration in a file that is gone after the run; it holds a key to the service and a connection's id.
test("singer-config-mutated-by-tap: a run needs nothing that the one before it has written", async () => {
  const stage = await openStage({ behaviour: { reuse: { kind: "revoke_family" } } });
  const { connectionId } = await stage.connect();
  const key = await stage.api("POST", "/v1/api-keys", { name: "tap", scopes: ["token:read"] });
  const rendered = { url: stage.service.url, apiKey: key.at("key"), connectionId };
  const seen: string[] = [];
  async function run(): Promise<number> {
    const folder = mkdtempSync(join(temporaryFolder(), "run-"));
    const tap = createEvergrant(rendered).connection(rendered.connectionId);
    const token = await tap.accessToken();
    writeFileSync(join(folder, "config.json"), JSON.stringify({ ...rendered, token }));
    seen.push(JSON.stringify(token));
    rmSync(folder, { recursive: true });
    return token.generation;
  }
  for (let generation = 1; generation <= 3; generation++) {
    if (generation > 1) await later(stage, HOUR);
    expect(await run()).toBe(generation);
  }
  const refreshTokens = stage.sandbox.control.refreshTokens().map(({ token }) => token);
  expect(refreshTokens).toHaveLength(3);
  for (const refreshToken of refreshTokens) expect(seen.join("\n")).not.toContain(refreshToken);
  expect(stage.sandbox.control.counts()).toMatchObject({ refreshRequests: 2, reuseDetected: 0 });
});
