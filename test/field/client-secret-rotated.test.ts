import { expect, test, vi } from "vitest";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, openInstances, type EngineStage } from "../stage/engine-stage.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";
import { answer, answers } from "../stage/plays.ts";
import { expectHealthy } from "./outcome.ts";
import { connectMany, expectUntouched, replaceSecret, stageSecret, takesOnly } from "./refused-client.ts";

// They are short, but the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

/** A used refresh token stays good. */
const ENTRA = { entry: builtInEntry("microsoft"), server: { reuse: { windowMs: 90 * DAY } } } as const;

const SECRET_EXPIRED =
  '{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys for app \'aad843ca-42a7-4219-a3f9-91bcf621d795\' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds. Trace ID: 058b8a27-ea7e-490c-909c-96f8ecb4fc00 Correlation ID: cdf20583-21c2-49cb-93ee-c2df1b94a8a9 Timestamp: 2025-12-01 16:58:37Z","error_codes":[7000222],"timestamp":"2025-12-01 16:58:37Z"}';

test("aadsts7000222-platform-secret-expired: an expired secret touches none of five hundred connections, and all go on once it is replaced", async () => {
  const stage = await openEngineStage(ENTRA);
  const ids = await connectMany(stage, 500);
  takesOnly(stage.server, "the next secret", answer(401, SECRET_EXPIRED));
  await stage.clock.leap(51 * MINUTE);
  stage.sweep.start();
  await stage.clock.advance(MINUTE);
  const atFirst = stage.server.requests.length;
  await stage.clock.advance(10 * MINUTE);
  await expectUntouched(stage, ids, "client_secret_rejected");
  // Whoever was on the way when it was found out, and then one a minute.
  expect(atFirst).toBeLessThan(ids.length / 4);
  expect(stage.server.requests.length - atFirst).toBeLessThanOrEqual(10);
  await expect(stage.read(ids[0] ?? "")).rejects.toMatchObject({
    code: "client_suspended",
    facts: { reason: "client_secret_rejected", whoActs: "operator" },
  });

  await replaceSecret(stage, "the next secret");
  await stage.clock.advance(2 * MINUTE);
  for (const id of ids) await expectHealthy(stage, id);
  expect(stage.observer.of("client.suspended")).toHaveLength(1);
  await expectUnnoticedWhereStaged();
});

/** Where its successor was staged, an expired secret costs nobody anything. */
async function expectUnnoticedWhereStaged(): Promise<void> {
  const stage = await openEngineStage(ENTRA);
  const ids = await connectMany(stage, 50);
  await stageSecret(stage, "the next secret");
  takesOnly(stage.server, "the next secret", answer(401, SECRET_EXPIRED));
  await stage.clock.leap(51 * MINUTE);
  stage.sweep.start();
  await stage.clock.advance(MINUTE);
  for (const id of ids) await expectHealthy(stage, id);
  expect(stage.observer.of("client.suspended")).toEqual([]);
  expect(stage.observer.of("client.secret_switched")).toHaveLength(1);
}

// The code is the one that another server has for a user who does not consent.
test("atlassian-access-denied-for-wrong-secret: whatever code says that the client is refused, nobody has to consent again", async () => {
  for (const error of ["access_denied", "unauthorized_client", "invalid_client"]) {
    const stage = await openEngineStage({
      entry: builtInEntry("atlassian"),
      server: { reuse: { windowMs: 10 * MINUTE } },
    });
    const ids = await connectMany(stage, 20);
    stage.server.always(answers(401, { error }));
    await stage.clock.leap(51 * MINUTE);
    stage.sweep.start();
    await stage.clock.advance(5 * MINUTE);
    await expectUntouched(stage, ids, "client_secret_rejected");
    stage.server.always(null);
    await stage.clock.advance(2 * MINUTE);
    for (const id of ids) await expectHealthy(stage, id);
    expect(stage.observer.of("client.resumed")).toEqual([{ clientId: stage.clientId }]);
  }
});

const GOOGLE_REFUSALS = [
  ["client_disabled", { error: "deleted_client", error_description: "The OAuth client was deleted." }],
  ["client_disabled", { error: "disabled_client" }],
  ["client_disabled", { error: "org_internal" }],
  ["client_secret_rejected", { error: "invalid_client" }],
  ["client_secret_rejected", { error: "unauthorized_client" }],
] as const;

test("google-deleted-client: a client that was deleted and restored finds its connections as they were", async () => {
  for (const [cause, body] of GOOGLE_REFUSALS) {
    const stage = await openEngineStage({ entry: builtInEntry("google"), server: { rotation: false } });
    const ids = await connectMany(stage, 30);
    stage.server.always(answers(401, body));
    await stage.clock.leap(51 * MINUTE);
    stage.sweep.start();
    await stage.clock.advance(3 * MINUTE);
    await expectUntouched(stage, ids, cause);
    await stage.clock.leap(30 * DAY);
    expect(stage.server.accepts((await stage.tokensOf(ids[0] ?? "")).refreshToken ?? "")).toBe(true);
    stage.server.always(null);
    // Nobody has read them for so long that they rest; the first read finds out for all.
    await stage.read(ids[0] ?? "");
    await stage.passing(5 * SECOND, Promise.all(ids.map((id) => stage.read(id))));
    for (const id of ids) await expectHealthy(stage, id);
  }
});

// The server binds refresh tokens to the secret under which it issued them.
test("linear-secret-rotation-invalidates-refresh-tokens: what ends after a change of the secret says when that was, and is the operator's, not an administrator's doing", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("linear"), server: { reuse: { windowMs: 30 * MINUTE } } });
  const ids = await connectMany(stage, 25);
  await stage.clock.leap(DAY);
  await replaceSecret(stage, "the next secret");
  const changedAt = stage.clock.now();
  stage.server.always(answers(400, { error: "invalid_grant" }));
  await stage.clock.leap(HOUR);
  await stage.passing(MINUTE, Promise.all(ids.map((id) => stage.refresh(id))));
  const all = await Promise.all(ids.map((id) => stage.held(id)));
  for (const { connection } of all) {
    expect(connection.diagnosis).toMatchObject({
      cause: "unknown",
      evidence: { code: "invalid_grant", client_secret_changed_at: changedAt },
    });
  }
  // Of the first it is not known yet that others went the same way; as many are under way at once.
  const ofOperator = ids.filter((_, index) => all[index]?.connection.diagnosis?.whoActs === "operator");
  expect(ofOperator.length).toBeGreaterThanOrEqual(ids.length - 3);
  // So many at once are not believed at once.
  const statuses = all.map(({ connection }) => connection.status);
  expect(statuses.filter((status) => status === "reauthorization_required")).toHaveLength(20);
  const heldBack = ids.filter((_, index) => statuses[index] === "degraded");
  expect(heldBack).toHaveLength(5);
  for (const id of heldBack) await expect(stage.read(id)).rejects.toMatchObject({ facts: { whoActs: "nobody" } });
  await anHourOfTrying(stage);
  for (const id of new Set([...ofOperator, ...heldBack])) {
    await expect(stage.passing(5 * SECOND, stage.read(id))).rejects.toMatchObject({
      code: "reauthorization_required",
      facts: { reason: "unknown", whoActs: "operator" },
    });
  }
});

/** What was read lately is tried again every few minutes. */
async function anHourOfTrying({ sweep, clock }: EngineStage): Promise<void> {
  sweep.start();
  for (let round = 0; round < 12; round++) {
    await clock.advance(5 * SECOND);
    await clock.leap(6 * MINUTE);
  }
  await clock.advance(5 * SECOND);
}

test("new-secret-not-picked-up-until-restart: three instances use a new secret from their next request on", async () => {
  const { instances, ...stage } = await openInstances({ ...ENTRA, count: 3 });
  const ids = await connectMany(stage, 3);
  for (const [index, instance] of instances.entries()) {
    await expect(instance.refresh(ids[index] ?? "")).resolves.toEqual({ kind: "renewed" });
  }
  const wrong = { error: "invalid_client", error_description: "AADSTS7000215: Invalid client secret is provided." };
  takesOnly(stage.server, "the next secret", answer(401, wrong));
  await expect(stage.a.refresh(ids[0] ?? "")).resolves.toMatchObject({ kind: "client_suspended" });
  await replaceSecret(stage, "the next secret");
  await stage.clock.advance(SECOND);
  for (const [index, instance] of instances.entries()) {
    await expect(instance.refresh(ids[index] ?? "")).resolves.toEqual({ kind: "renewed" });
  }
  for (const id of ids) await expectHealthy(stage, id);
});
