import { expect, test, vi } from "vitest";
import { problemOf } from "../../src/api/problem.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";
import { openEngineStage, type EngineStage, type EngineStageOptions } from "../stage/engine-stage.ts";
import { adds, answer, answers, lapses, type Play } from "../stage/plays.ts";
import { expectEnded, expectHealthy, sentTo } from "./outcome.ts";

// They are short, but the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

test("auth0-unknown-or-invalid-after-idle: a 403 that refuses the token is a typed end with a link, not an error of the service", async () => {
  const entry = builtInEntry("auth0", { parameters: { domain: "acme.eu.auth0.com" } });
  const stage = await openEngineStage({ entry, server: { lifetimeSeconds: 86_400 } });
  const id = await stage.connect();
  stage.server.always(
    answers(403, '{"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}'),
  );
  await stage.clock.leap(24 * HOUR);
  const error = await stage.passing(MINUTE, stage.read(id)).catch((thrown: unknown) => thrown);
  expect(error instanceof ServiceError && problemOf(error)).toMatchObject({
    status: 409,
    code: "reauthorization_required",
    who_acts: "user",
    reauthorization_url: expect.stringContaining(id),
  });
  await expectEnded(stage, id, {
    evidence: expect.objectContaining({ code: "invalid_grant", description: "Unknown or invalid refresh token." }),
  });
  expect(sentTo(stage.server)).toEqual(["refresh-1-1"]);
});

/** Nobody reads the connection for this long; now and then the sweep gets a moment. */
async function idle(
  stage: Pick<EngineStage, "clock">,
  { total, step }: { total: number; step: number },
): Promise<void> {
  for (let passed = 0; passed < total; passed += step) {
    await stage.clock.leap(step - SECOND);
    await stage.clock.advance(SECOND);
  }
}

/** One that is only refreshed when it is read or would lapse, with a sweep that does the latter. */
async function openIdleConnection(
  options: EngineStageOptions,
  connect: { expiresIn?: null; refreshExpiresIn?: number },
) {
  const stage = await openEngineStage(options);
  const id = await stage.connect(connect);
  await stage.connections.setPolicy(id, "on_demand", stage.clock.now());
  stage.sweep.start();
  return { ...stage, id };
}

const NOT_ACTIVE = answer(400, '{"error":"invalid_grant","error_description":"Session not active"}');

// "0" means "never" here, and the server ends what is idle for two minutes all the same.
test("keycloak-refresh-expires-in-zero-but-idle-enforced: an operator's idle time keeps alive what is said to live for ever", async () => {
  const parameters = { host: "sso.example.com", realm: "main" };
  const lifetimes = { access_seconds: 300, idle_seconds: 120, absolute_seconds: null };
  const server = { reuse: "punished", lifetimeSeconds: 300 } as const;
  const zero = adds({ refresh_expires_in: 0 });
  const known = { entry: builtInEntry("keycloak", { parameters, changes: { lifetimes } }), server };
  const kept = await openIdleConnection(known, { refreshExpiresIn: 0 });
  kept.server.always(lapses(kept.clock, 120 * SECOND, NOT_ACTIVE, zero));
  await idle(kept, { total: HOUR, step: 5 * SECOND });
  expect(kept.server.requests.length).toBeGreaterThanOrEqual(50);
  expect(kept.server.requests.length).toBeLessThanOrEqual(70);
  await expectHealthy(kept, kept.id);

  // Where nobody says it, the zero is no reason to hurry, nor a proof that the token lives.
  const unknown = { entry: builtInEntry("keycloak", { parameters }), server };
  const lost = await openIdleConnection(unknown, { refreshExpiresIn: 0 });
  lost.server.always(lapses(lost.clock, 120 * SECOND, NOT_ACTIVE, zero));
  await idle(lost, { total: HOUR, step: MINUTE });
  expect(lost.server.requests).toHaveLength(0);
  await expect(lost.read(lost.id)).rejects.toMatchObject({ code: "reauthorization_required" });
  await expectEnded(lost, lost.id, { evidence: expect.objectContaining({ description: "Session not active" }) });
});

test("refresh-token-lifetime-hint-ignored: a refresh token that is said to live two hours is used at half of that, for a day unread", async () => {
  const server = { reuse: "punished", lifetimeSeconds: 300 } as const;
  const stage = await openIdleConnection({ server }, { refreshExpiresIn: 7200 });
  const dead = answer(400, '{"error":"invalid_grant"}');
  stage.server.always(lapses(stage.clock, 2 * HOUR, dead, adds({ refresh_expires_in: 7200 })));
  await idle(stage, { total: 24 * HOUR, step: MINUTE });
  expect(stage.server.requests.length).toBeGreaterThanOrEqual(12);
  expect(stage.server.requests.length).toBeLessThanOrEqual(24);
  const { tokens, lease } = await stage.held(stage.id);
  expect(tokens.refreshExpiresAt).toBe(tokens.obtainedAt + 2 * HOUR);
  expect(lease.dueAt).toBe(tokens.obtainedAt + HOUR);
  await expectHealthy(stage, stage.id);
});

const FOUR_HOURS = 4 * HOUR;

/** An organization whose policy ends refresh tokens that nobody used for four hours, and whose answers name no lifetime. */
function strictOrganization(clock: EngineStage["clock"]): Play {
  const expired = answer(400, '{"error":"invalid_grant","error_description":"expired access/refresh token"}');
  return lapses(clock, FOUR_HOURS, expired);
}

test("restforce-refresh-works-for-hours-then-expired: a known idle limit is kept, and an unknown one shows in how old the token was", async () => {
  const server = { rotation: false, lifetimeSeconds: null };
  const lifetimes = { access_seconds: null, idle_seconds: FOUR_HOURS / SECOND, absolute_seconds: null };
  const known = { entry: builtInEntry("salesforce", { changes: { lifetimes } }), server };
  const kept = await openIdleConnection(known, { expiresIn: null });
  kept.server.always(strictOrganization(kept.clock));
  await idle(kept, { total: 48 * HOUR, step: 5 * MINUTE });
  expect(kept.server.requests.length).toBeGreaterThanOrEqual(12);
  await expectHealthy(kept, kept.id);

  const lost = await openIdleConnection({ entry: builtInEntry("salesforce"), server }, { expiresIn: null });
  lost.server.always(strictOrganization(lost.clock));
  const used = lost.clock.now() + 2 * HOUR;
  await lost.clock.leap(2 * HOUR);
  await lost.refresh(lost.id);
  await lost.clock.leap(FOUR_HOURS + HOUR);
  await lost.refresh(lost.id);
  await lost.clock.leap(2 * MINUTE);
  await expect(lost.rejected(lost.id, 2)).rejects.toMatchObject({ code: "reauthorization_required" });
  expect((await lost.held(lost.id)).tokens.obtainedAt).toBe(used);
  await expectEnded(lost, lost.id, {
    evidence: expect.objectContaining({ days_since_refresh: 0.2, description: "expired access/refresh token" }),
  });
});

const SPA =
  '{"error":"invalid_grant","error_description":"AADSTS700084: The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00, which cannot be extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page. The token was issued on {issueDate}.","error_codes":[700084]}';

test("aadsts700084-spa-24-hours: tokens that end a day after the consent are the operator's matter, who reads what to change", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("microsoft") });
  const id = await stage.connect();
  const connectedAt = stage.clock.now();
  stage.server.always((act) => (stage.clock.now() - connectedAt > DAY ? answer(400, SPA) : act()));
  await stage.clock.leap(DAY - HOUR);
  await stage.refresh(id);
  await stage.clock.leap(2 * HOUR);
  await expect(stage.passing(MINUTE, stage.read(id))).rejects.toMatchObject({
    code: "reauthorization_required",
    facts: { whoActs: "operator" },
  });
  const evidence = { subcode: "700084", meaning: expect.stringMatching(/single-page.*web client/) };
  await expectEnded(stage, id, { cause: "absolute_lifetime_reached", evidence: expect.objectContaining(evidence) });
});
