import { expect, test } from "vitest";
import { writeClaimsChallenge } from "../../src/oauth/claims-challenge.ts";
import { HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { answers } from "../stage/plays.ts";

const CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1702682181"}}}';
const CHALLENGE = `Bearer error="insufficient_claims", claims="${writeClaimsChallenge(CLAIMS)}"`;

const openMicrosoft = (): Promise<EngineStage> => openEngineStage({ entry: builtInEntry("microsoft") });

function sentClaims({ server }: EngineStage): (string | null)[] {
  return server.requests.map(({ form }) => form.get("claims"));
}

test("a challenge is answered by one refresh that carries its claims, where the provider lets it", async () => {
  const stage = await openMicrosoft();
  const id = await stage.connect();
  await expect(stage.rejected(id, 1, CHALLENGE)).resolves.toMatchObject({ generation: 2 });
  expect(sentClaims(stage)).toEqual([CLAIMS]);
  expect((await stage.held(id)).connection).toMatchObject({ status: "active", claims: null });
  await stage.clock.advance(HOUR);
  await stage.read(id);
  expect(sentClaims(stage)).toEqual([CLAIMS, null]);
});

test("claims that the server refuses condemn nobody: the next refresh goes without, and the user is asked", async () => {
  const stage = await openMicrosoft();
  const id = await stage.connect();
  stage.server.script(answers(400, { error: "invalid_grant", suberror: "basic_action", error_codes: [50076] }));
  await expect(stage.rejected(id, 1, CHALLENGE)).rejects.toMatchObject({
    code: "reauthorization_required",
    facts: {
      reason: "interaction_required",
      whoActs: "user",
      connectionId: id,
      reauthorizationUrl: expect.stringContaining(id),
      claims: writeClaimsChallenge(CLAIMS),
    },
  });
  expect(sentClaims(stage)).toEqual([CLAIMS, null]);
  const { connection, tokens } = await stage.held(id);
  expect(connection).toMatchObject({ status: "degraded", claims: { json: CLAIMS, isRefused: true } });
  expect(connection.diagnosis).toMatchObject({ cause: "interaction_required" });
  expect(tokens.generation).toBe(2);
  // Tokens flow on for APIs that want no such thing, and the same challenge is not sent again.
  await expect(stage.read(id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
  await stage.clock.advance(2 * MINUTE);
  await expect(stage.rejected(id, 2, CHALLENGE)).rejects.toMatchObject({ code: "reauthorization_required" });
  expect(stage.server.requests).toHaveLength(2);
});

test("a server that rejects the refresh token also without claims is believed as ever", async () => {
  const stage = await openMicrosoft();
  const id = await stage.connect();
  stage.server.revoke("refresh-1-1");
  await expect(stage.passing(MINUTE, stage.rejected(id, 1, CHALLENGE))).rejects.toMatchObject({
    code: "reauthorization_required",
  });
  expect((await stage.held(id)).connection.status).toBe("reauthorization_required");
  expect(sentClaims(stage)).toEqual([CLAIMS, null, null]);
});

test("where a refresh may carry no claims, none is made, and the user is asked at once", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  for (let again = 0; again < 3; again++) {
    await expect(stage.rejected(id, 1, CHALLENGE)).rejects.toMatchObject({ code: "reauthorization_required" });
  }
  expect(stage.server.requests).toHaveLength(0);
  expect(await stage.historyOf(id)).toEqual(["connected", "degraded"]);
});

test("an API that goes on asking after it was answered gets no second refresh within the minute", async () => {
  const stage = await openMicrosoft();
  const id = await stage.connect();
  await stage.rejected(id, 1, CHALLENGE);
  for (let again = 0; again < 10; again++) {
    await expect(stage.rejected(id, 2, CHALLENGE)).rejects.toMatchObject({ code: "reauthorization_required" });
  }
  expect(stage.server.requests).toHaveLength(1);
});

test("what only looks like a challenge is a refused token like any other", async () => {
  const stage = await openMicrosoft();
  const id = await stage.connect();
  const malformed = 'Bearer error="insufficient_claims", claims="bm8ganNvbg=="';
  await expect(stage.rejected(id, 1, malformed)).resolves.toMatchObject({ generation: 2 });
  expect(sentClaims(stage)).toEqual([null]);
});
