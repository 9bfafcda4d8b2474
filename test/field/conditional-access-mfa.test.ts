import { expect, test } from "vitest";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";
import { answers } from "../stage/plays.ts";
import { expectHealthy, sentTo } from "./outcome.ts";

const DESCRIPTION =
  "AADSTS50076: Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access 'fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd'.\r\nTrace ID: aaf534ab-254b-4f2c-bf32-625fd335e600\r\nCorrelation ID: 235ad0f5-88dd-4268-b1c8-28a943068a42\r\nTimestamp: 2020-01-14 20:30:08Z";

const SECOND_FACTOR_NEEDED = [
  { error: "interaction_required", error_description: DESCRIPTION, error_codes: [50076] },
  { error: "invalid_grant", suberror: "basic_action", error_codes: [50076] },
];

// The policy may be taken back, and the refresh token is as good as it was.
test("aadsts50076-mfa-policy-change: a demand for a second factor is told as a policy's, costs no token, and is not asked about again", async () => {
  for (const body of SECOND_FACTOR_NEEDED) {
    const stage = await openEngineStage({
      entry: builtInEntry("microsoft"),
      server: { reuse: { windowMs: 90 * DAY } },
    });
    const id = await stage.connect();
    const before = (await stage.held(id)).tokens;
    stage.server.always(answers(400, body));
    await expect(stage.passing(MINUTE, stage.refresh(id))).resolves.toEqual({ kind: "ended" });
    await expect(stage.read(id)).rejects.toMatchObject({
      code: "reauthorization_required",
      message: expect.stringContaining("A policy of the customer's organisation"),
      facts: { reason: "interaction_required", reauthorizationUrl: expect.stringContaining(id) },
    });
    const { connection, tokens } = await stage.held(id);
    expect(connection.diagnosis).toMatchObject({ confidence: "certain", evidence: { code: body.error } });
    expect(tokens).toEqual(before);
    expect(stage.server.accepts("refresh-1-1")).toBe(true);
    // Once more after the first, in case that was wrong.
    expect(stage.server.requests).toHaveLength(2);
    stage.sweep.start();
    for (let day = 0; day < 7; day++) {
      await stage.clock.leap(DAY);
      await stage.clock.advance(2 * SECOND);
    }
    expect(stage.server.requests).toHaveLength(2);
  }
});

// A new consent from the same address would be refused in the same way.
test("salesforce-ip-restricted: a refusal because of the address is the administrator's to lift, asked about once an hour, and heals without a consent", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("salesforce") });
  const id = await stage.connect();
  stage.server.always(answers(400, { error: "invalid_grant", error_description: "ip restricted" }));
  stage.sweep.start();
  await stage.clock.leap(55 * MINUTE);
  await stage.clock.advance(2 * SECOND);
  const { connection } = await stage.held(id);
  expect(connection).toMatchObject({
    status: "degraded",
    diagnosis: { cause: "revoked_by_admin", whoActs: "customer_admin", evidence: { code: "invalid_grant" } },
  });
  for (let hour = 1; hour <= 3; hour++) {
    for (let part = 0; part < 6; part++) {
      await stage.clock.leap(10 * MINUTE);
      await stage.clock.advance(2 * SECOND);
      if (hour > 1) await expectRestricted(stage, id);
    }
  }
  expect(sentTo(stage.server)).toEqual(Array.from({ length: 4 }, () => "refresh-1-1"));
  stage.server.always(null);
  await stage.clock.leap(HOUR);
  await stage.clock.advance(2 * SECOND);
  await expectHealthy(stage, id);
  await expect(stage.read(id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
  expect(stage.observer.of("connection.reauthorization_required")).toEqual([]);
  expect(stage.observer.of("connection.degraded")).toEqual([{ connectionId: id, cause: "revoked_by_admin" }]);
});

/** A reader hears who can lift it, and is sent nowhere to consent. */
async function expectRestricted(stage: EngineStage, id: string): Promise<void> {
  const refused: unknown = await stage.read(id).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    code: "provider_unavailable",
    message: expect.stringContaining("the administrator has to allow it again"),
    facts: { reason: "revoked_by_admin", whoActs: "customer_admin", connectionId: id },
  });
  expect(refused).not.toHaveProperty("facts.reauthorizationUrl");
}
