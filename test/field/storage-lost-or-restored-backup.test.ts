import { copyFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { sealTokenSet } from "../../src/connection/token-record.ts";
import { generateRootKey } from "../../src/keyring/root-key.ts";
import { HOUR } from "../../src/runtime/clock.ts";
import { secret } from "../../src/runtime/secret.ts";
import { systemRandom } from "../../src/service/system.ts";
import { evergrant } from "../cli/evergrant.ts";
import { serviceEnvironment } from "../cli/stage-environment.ts";
import { openInstances } from "../stage/engine-stage.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { TENANT } from "../stage/world.ts";
import { expectNoReuse } from "./outcome.ts";
import { entryOf, startRotatingEndpoint } from "./rotating-endpoint.ts";
import { later } from "./later.ts";

// They are short, but the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

test("backup-restored-without-master-key: neither restore nor doctor nor start accept another key, and nothing is sent", async () => {
  const stage = await openStage();
  await stage.connect();
  const environment = serviceEnvironment(stage);
  const file = `${temporaryFolder()}/backup.db`;
  const taken = await evergrant(["backup", file], environment);
  expect(taken).toMatchObject({ code: EXIT.ok, stderr: "" });
  expect(taken.stdout).toContain("is not in it, and nothing in it can be opened without");
  await stage.service.close();

  // Another machine: the database is there, and the key is one that was made for it.
  const dataDir = temporaryFolder();
  const elsewhere = {
    ...environment,
    EVERGRANT_DATA_DIR: dataDir,
    EVERGRANT_ROOT_KEY: generateRootKey(systemRandom).reveal(),
  };
  const restored = await evergrant(["restore", file], elsewhere);
  expect(restored).toMatchObject({ code: EXIT.key, stdout: "" });
  copyFileSync(file, `${dataDir}/evergrant.db`);
  const doctor = await evergrant(["doctor"], elsewhere);
  expect(doctor.code).toBe(EXIT.key);
  expect(doctor.stdout).toMatch(/^✗ root key +This root key .* is not the one that sealed this database/m);
  expect(await evergrant(["serve"], elsewhere)).toMatchObject({ code: EXIT.key });
  expect(stage.sandbox.control.counts()).toMatchObject({ refreshRequests: 0, tokenRequestsByClient: { evergrant: 1 } });
  await stage.restart();
});

/** What a deployment does with the refresh token in its configuration. */
async function deploy(stage: Stage, refreshToken: string) {
  const seed = { client: stage.clientId, token_set: { refresh_token: refreshToken }, verify: true };
  const answer = await stage.api("POST", "/v1/connections/import", seed);
  return { status: answer.status, id: answer.at("id"), health: answer.at("status") };
}

// The variable is set by the host, and is what it was at every start.
test("keyring-rotation-env-var-always-wins: a seed counts once, and what is stored wins at every later start", async () => {
  const endpoint = await startRotatingEndpoint();
  const stage = await openStage({ provider: () => entryOf(endpoint) });
  const first = await deploy(stage, "rt-0");
  expect(first).toMatchObject({ status: 201, health: "active" });
  for (let rotation = 0; rotation < 2; rotation++) await stage.api("POST", `/v1/connections/${first.id}/refresh`);
  await stage.restart();
  expect(await deploy(stage, "rt-0")).toEqual({ status: 200, id: first.id, health: "active" });
  const refreshed = await stage.api("POST", `/v1/connections/${first.id}/refresh`);
  expect(refreshed.body).toMatchObject({ status: "active", generation: 5 });
  expect(endpoint.sent).toEqual(["rt-0", "rt-1", "rt-2", "rt-3"]);
});

test("rotating-token-in-env-redeployed: deployments every few hours, some of them twice at once, never send the seed again", async () => {
  const endpoint = await startRotatingEndpoint();
  const stage = await openStage({ provider: () => entryOf(endpoint) });
  const both = await Promise.all([deploy(stage, "rt-0"), deploy(stage, "rt-0")]);
  const [{ id }] = both;
  expect(both.map((deployed) => deployed.id)).toEqual([id, id]);
  for (let deployment = 1; deployment <= 3; deployment++) {
    await later(stage, 3 * HOUR);
    const { body } = await stage.token(id);
    expect(body).toMatchObject({ access_token: `at-${deployment + 1}`, refresh_state: "ok" });
    expect(await deploy(stage, "rt-0")).toEqual({ status: 200, id, health: "active" });
  }
  expect(endpoint.sent).toEqual(["rt-0", "rt-1", "rt-2", "rt-3"]);
  expect((await stage.api("GET", "/v1/connections")).body).toMatchObject({ connections: [{ id, status: "active" }] });
  // Not even when there is nothing else left.
  await stage.api("DELETE", `/v1/connections/${id}`);
  expect(await deploy(stage, "rt-0")).toEqual({ status: 200, id, health: "disconnected" });
  expect(endpoint.sent).toHaveLength(4);
});

// One process has read all accounts at its start, and writes back one of them.
test("stale-snapshot-write-reverts-other-accounts: whoever stores one account leaves the others as others have made them", async () => {
  const { a, b, ...stage } = await openInstances({ server: { reuse: "punished" } });
  const [acctA, acctB] = [await stage.connect(), await stage.connect()];
  for (const id of [acctA, acctB]) await a.read(id);
  const { accessToken, refreshToken } = stage.server.authorize();
  const { connection, tokens } = await stage.held(acctB);
  const consented = { ...tokens, accessToken: secret(accessToken), refreshToken: secret(refreshToken) };
  const owner = { tenantId: TENANT, connectionId: acctB };
  const record = await sealTokenSet(b.ports.sealer, owner, consented, { generation: 2, origin: "connect" });
  const commit = { connectionId: acctB, tokens: record, dueAt: stage.clock.now() + HOUR, history: [] };
  await b.ports.connections.reauthorize(commit, connection);

  await a.refresh(acctA);
  expect(await stage.tokensOf(acctB)).toEqual({ generation: 2, accessToken, refreshToken });
  expect(await stage.tokensOf(acctA)).toMatchObject({ generation: 2, refreshToken: "refresh-1-2" });
  await stage.clock.leap(HOUR);
  await expect(a.read(acctB)).resolves.toMatchObject({ generation: 3, refreshState: "ok" });
  expect(stage.server.requests.map((request) => request.refreshToken)).toEqual(["refresh-1-1", refreshToken]);
  expectNoReuse(stage.server);
});
