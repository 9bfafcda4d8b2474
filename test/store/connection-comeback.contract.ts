import { expect, test } from "vitest";
import { QUARANTINE } from "../../src/connection/claim.ts";
import { MINUTE } from "../../src/runtime/clock.ts";
import { SILENCE } from "../../src/refresh/instances.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { claimRequest, dueRequest, openStoreStage, type StoreStage } from "../stage/store-stage.ts";

/** `ins_a` claimed, went silent, and was overtaken by `ins_b` inside the replay window; that decided nothing. */
async function openOvertaken(kind: DatabaseKind): Promise<StoreStage & { answerUntil: number }> {
  const stage = await openStoreStage(kind);
  for (const id of ["ins_a", "ins_c", "ins_d"]) await stage.beat(id);
  await stage.create("con_1", {}, { dueAt: stage.clock.now() });
  await stage.claim("con_1", { owner: "ins_a" });
  const answerUntil = stage.clock.now() + MINUTE + QUARANTINE;
  await stage.liveUntil(stage.clock.now() + SILENCE, "ins_c", "ins_d");
  await stage.beat("ins_b");
  await stage.connections.release({ claim: await stage.claim("con_1", { owner: "ins_b" }), answered: true });
  return { ...stage, answerUntil };
}

export function connectionComebackContract(kind: DatabaseKind): void {
  test(`an owner that was overtaken on ${kind.name} is waited for when the replay window is over`, async () => {
    const stage = await openOvertaken(kind);
    const strict = claimRequest("con_1", { owner: "ins_c", replayableMs: 0 });
    const quarantined = { kind: "quarantined", owner: "ins_a", until: stage.answerUntil };
    expect(await stage.connections.claim(strict)).toEqual(quarantined);
    expect(await stage.connections.claimDue(dueRequest({ owner: "ins_c" }))).toEqual([]);
    await stage.liveUntil(stage.answerUntil - 1, "ins_c");
    expect(await stage.connections.claim(strict)).toEqual(quarantined);
    await stage.clock.advance(1);
    expect(await stage.connections.claimDue(dueRequest({ owner: "ins_c" }))).toHaveLength(1);
  });

  test(`inside the window, or once it has ended, it is not waited for on ${kind.name}`, async () => {
    const stage = await openOvertaken(kind);
    expect(await stage.connections.orphans(10)).toEqual(["con_1"]);
    const lenient = claimRequest("con_1", { owner: "ins_c" });
    const claimed = await stage.connections.claim(lenient);
    expect(claimed).toMatchObject({ kind: "claimed", claim: { earlier: { count: 1 } } });
    const strict = { owner: "ins_d", replayableMs: 0, gone: "ins_a" };
    if (claimed.kind === "claimed") await stage.connections.release({ claim: claimed.claim, answered: true });
    expect(await stage.connections.claim(claimRequest("con_1", strict))).toMatchObject({ kind: "claimed" });
  });

  test(`a new token set ends the wait on ${kind.name}`, async () => {
    const stage = await openOvertaken(kind);
    const { tokens } = await stage.held("con_1");
    const next = { ...tokens, generation: 2, rotatedAt: tokens.obtainedAt };
    const commit = { connectionId: "con_1", tokens: next, dueAt: stage.clock.now(), history: [] };
    await stage.connections.commit(commit, await stage.claim("con_1", { owner: "ins_c" }));
    expect(await stage.connections.orphans(10)).toEqual([]);
    expect(await stage.connections.claimDue(dueRequest({ owner: "ins_d" }))).toHaveLength(1);
  });
}
