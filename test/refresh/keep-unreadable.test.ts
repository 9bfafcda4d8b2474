import { describe, expect, test } from "vitest";
import { MINUTE } from "../../src/runtime/clock.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { answer, answers, fails } from "../stage/plays.ts";
import { TENANT } from "../stage/world.ts";

const CUT_OFF = '{"access_token":"a","refresh_token":"refresh-1-2","expires_in":36';

/** The bodies that were kept, opened. */
async function kept({ journal, keyring }: EngineStage): Promise<string[]> {
  const entries = journal.entries.filter((entry) => entry.kind === "unreadable");
  return Promise.all(
    entries.map(async ({ tenantId, connectionId, generation, sealedBody }) => {
      const address = { tenantId, recordId: connectionId, field: "unreadable_answer", generation } as const;
      const body = await keyring.open(address, sealedBody);
      return body.reveal();
    }),
  );
}

describe("a success that cannot be read", () => {
  test("is kept in the journal, sealed, and the answer counts as lost", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const now = stage.clock.now();
    stage.server.script(answers(200, CUT_OFF));
    await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "retry_later", cause: "provider_unavailable" });
    expect(await kept(stage)).toEqual([CUT_OFF]);
    expect(stage.journal.entries).toMatchObject([
      { kind: "unreadable", tenantId: TENANT, connectionId: id, generation: 1, receivedAt: now },
    ]);
    expect(JSON.stringify(stage.journal.entries)).not.toContain("refresh-1-2");
    expect(stage.observer.of("refresh.answer_lost")).toHaveLength(1);
    expect((await stage.held(id)).lease).toMatchObject({ attemptGeneration: 1, unanswered: 1 });
  });

  test("is not in the way of what the token brings when it is sent again", async () => {
    const stage = await openEngineStage({ server: { reuse: { windowMs: 10 * MINUTE } } });
    const id = await stage.connect();
    stage.server.script(answers(200, CUT_OFF));
    await stage.refresh(id);
    await stage.clock.advance(MINUTE);
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
    expect(stage.journal.newest(id)?.tokens.generation).toBe(2);
  });

  test.each([
    ["the journal does not take it", (stage: EngineStage) => void (stage.journal.broken = true)],
    ["the key is away", (stage: EngineStage) => void (stage.sealer.away = true)],
  ])("counts as lost as well when %s", async (_, trouble) => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.script(() => {
      trouble(stage);
      return answer(200, CUT_OFF);
    });
    await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "retry_later" });
    expect(stage.journal.entries).toEqual([]);
    expect((await stage.held(id)).lease).toMatchObject({ failures: 1, unanswered: 1 });
  });
});

test.each([
  ["an empty success", answers(200, "")],
  ["a gateway's page", answers(502, "<html>Bad Gateway</html>")],
  ["an outage's page", answers(503, "<html>Maintenance</html>")],
  ["a redirect's page", answers(302, "<html>Moved</html>")],
  ["a reset", fails("reset", { sent: true })],
  ["an error with 200", answers(200, { error: "invalid_request" })],
])("%s holds no tokens, and is not kept", async (_, play) => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  stage.server.script(play);
  await stage.refresh(id);
  expect(stage.journal.entries).toEqual([]);
});
