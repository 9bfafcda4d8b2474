import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test, vi } from "vitest";
import { sealTokenSet } from "../../src/connection/token-record.ts";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { secret } from "../../src/runtime/secret.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { answer } from "../stage/plays.ts";
import { openStage } from "../stage/stage.ts";
import { TENANT } from "../stage/world.ts";
import { expectHealthy } from "./outcome.ts";
import { connectMany } from "./refused-client.ts";

// They are short, but the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

// The provider found the token in public, and the next one ends in the same place.
test("github-token-committed-to-repo-auto-revoked: a token that is refused before its time is replaced once, and then it is said that this does not help", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("github-app-user"), server: { lifetimeSeconds: 28_800 } });
  const id = await stage.connect();
  const first = await stage.read(id);
  const second = await stage.rejected(id, first.generation, 'Bearer error="invalid_token"');
  expect(second.accessToken.reveal()).not.toBe(first.accessToken.reveal());
  for (let again = 0; again < 50; again++) {
    await expect(stage.rejected(id, second.generation)).rejects.toMatchObject({
      code: "api_rejects_fresh_token",
      facts: { reason: "api_rejects_fresh_token", whoActs: "operator", connectionId: id },
    });
  }
  expect(stage.server.requests).toHaveLength(1);
  // Where the refresh token went the same way, only a new consent helps.
  await stage.clock.leap(HOUR);
  stage.server.revoke("refresh-1-2");
  await expect(stage.rejected(id, second.generation)).rejects.toMatchObject({ code: "reauthorization_required" });
  expect(stage.server.requests).toHaveLength(2);
});

const ROBOT_IS_DISABLED = '{\n  "error" : "invalid_grant",\n  "error_description" : "Robot is disabled."\n}';
const ACCOUNT_DELETED = { error: "invalid_grant", error_description: "Account has been deleted" };

// There is no way yet to hand the connection to whoever follows.
test("google-account-deleted-robot-disabled: an account that is gone is told as that, to the customer's administrator, and no other connection ends", async () => {
  for (const body of [ROBOT_IS_DISABLED, ACCOUNT_DELETED]) {
    const stage = await openEngineStage({ entry: builtInEntry("google"), server: { rotation: false } });
    const [gone = "", stays = ""] = await connectMany(stage, 2);
    stage.server.always((act) =>
      stage.server.requests.at(-1)?.refreshToken === "refresh-1-1" ? answer(400, body) : act(),
    );
    await expect(stage.passing(5 * SECOND, stage.refresh(gone))).resolves.toEqual({ kind: "ended" });
    expect((await stage.held(gone)).connection).toMatchObject({
      status: "reauthorization_required",
      diagnosis: { cause: "account_disabled", confidence: "likely", evidence: { code: "invalid_grant" } },
    });
    await expect(stage.read(gone)).rejects.toMatchObject({
      code: "reauthorization_required",
      message: expect.stringContaining("account or its organisation is disabled"),
      facts: { reason: "account_disabled", whoActs: "customer_admin" },
    });
    await expect(stage.refresh(stays)).resolves.toEqual({ kind: "renewed" });
    await expectHealthy(stage, stays);
  }
});

async function statuses(stage: EngineStage, ids: readonly string[]): Promise<Record<string, number>> {
  const all = await Promise.all(ids.map((id) => stage.held(id)));
  const counts: Record<string, number> = {};
  for (const { connection } of all) counts[connection.status] = (counts[connection.status] ?? 0) + 1;
  return counts;
}

/** The user of a connection consents anew. */
async function reconnect(stage: EngineStage, id: string): Promise<void> {
  const { connection, tokens } = await stage.held(id);
  const issued = stage.server.authorize();
  const renewed = {
    ...tokens,
    accessToken: secret(issued.accessToken),
    refreshToken: secret(issued.refreshToken),
    obtainedAt: stage.clock.now(),
    expiresAt: stage.clock.now() + 8 * HOUR,
  };
  const generation = tokens.generation + 1;
  const owner = { tenantId: TENANT, connectionId: id };
  const record = await sealTokenSet(stage.keyring, owner, renewed, { generation, origin: "connect" });
  const commit = { connectionId: id, tokens: record, dueAt: renewed.expiresAt - HOUR, history: [] };
  const consent = { ...connection, status: "active", diagnosis: null } as const;
  await stage.ports.connections.reauthorize(commit, consent);
}

test("heroku-travis-2022-all-tokens-revoked: five hundred revoked grants are doubted for an hour before all are believed, and each comes back as it was", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("github-app-user"), server: { lifetimeSeconds: 28_800 } });
  const ids = await connectMany(stage, 500);
  await stage.clock.leap(8 * HOUR - MINUTE);
  for (let family = 1; family <= ids.length; family++) stage.server.revoke(`refresh-${family}-1`);
  stage.sweep.start();
  await stage.clock.advance(2 * MINUTE);
  expect(await statuses(stage, ids)).toEqual({ reauthorization_required: 20, degraded: 480 });
  const [waiting = ""] = (await stage.connections.list(DEGRADED)).map(({ id }) => id);
  const refused: unknown = await stage.read(waiting).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    code: "provider_unavailable",
    message: expect.stringContaining("held to be its own trouble for now"),
    facts: { whoActs: "nobody", connectionId: waiting },
  });
  expect(refused).not.toHaveProperty("facts.reauthorizationUrl");

  for (const pause of [6 * MINUTE, 6 * MINUTE]) {
    await stage.clock.leap(pause);
    await stage.clock.advance(MINUTE);
    expect(await statuses(stage, ids)).toEqual({ reauthorization_required: 20, degraded: 480 });
  }
  await stage.clock.leap(HOUR);
  await stage.clock.advance(MINUTE);
  expect(await statuses(stage, ids)).toEqual({ reauthorization_required: 500 });
  for (const id of ids.slice(0, 25)) {
    await reconnect(stage, id);
    await expectHealthy(stage, id);
    await expect(stage.read(id)).resolves.toMatchObject({ connectionId: id, refreshState: "ok" });
  }
});

const DEGRADED = { tenantId: TENANT, limit: 1, after: null, status: "degraded", clientId: null } as const;

// All customers are asked to consent again, each for the connection that there is.
test("leandata-reauthorise-every-integration: a connection works until its own user has consented again, and keeps all that was set", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  const path = `/v1/connections/${connectionId}`;
  await stage.api("PATCH", path, { labels: { plan: "gold" }, policy: "eager" });
  const list = await stage.api("GET", `/v1/connections?client=${stage.clientId}`);
  expect(list.body).toMatchObject({
    connections: [{ id: connectionId, end_user: "user-alice", account: { id: "alice" } }],
  });
  const link = (await stage.api("POST", `${path}/reauthorization-link`)).at("url");
  expect((await stage.token(connectionId)).body).toMatchObject({ generation: 1, refresh_state: "ok" });
  expect((await createScriptedUser({ user: "bob" }).visit(link)).body).toContain("Sign in with that account");
  expect((await stage.token(connectionId)).body).toMatchObject({ generation: 1, refresh_state: "ok" });

  expect((await createScriptedUser({ user: "alice" }).visit(link)).body).toContain("The account is connected");
  expect((await stage.api("GET", path)).body).toMatchObject({
    id: connectionId,
    status: "active",
    generation: 2,
    end_user: "user-alice",
    labels: { plan: "gold" },
    policy: "eager",
    granted_scopes: expect.arrayContaining(["files.read", "files.write"]),
  });
});
