import { describe, expect, test } from "vitest";
import { PROBE_INTERVAL } from "../../src/client/client.ts";
import { createRefresher } from "../../src/refresh/refresh.ts";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { replaceSecret, stageSecret } from "../field/refused-client.ts";
import { storeIsDown } from "../stage/faulty-connection-store.ts";
import { createGate } from "../stage/gate.ts";
import { answers, takes, waitsFor } from "../stage/plays.ts";
import { CLIENT_SECRET } from "../stage/world.ts";
import { activeOf, EMERGENCY, expectUnnoticed, find, knows, NEXT, open, REFUSAL, sent } from "./secret-stage.ts";

describe("an active secret that ends", () => {
  test("gives way to the staged one within the same refresh, and no later one pays for it", async () => {
    const { stage, ids, id } = await open(2);
    const before = await activeOf(stage);
    const staged = await stageSecret(stage, NEXT);
    await stage.clients.claimTrial(staged);
    knows(stage.server, NEXT);
    for (const each of ids) await expect(stage.refresh(each)).resolves.toEqual({ kind: "renewed" });
    expect(sent(stage)).toEqual([CLIENT_SECRET, NEXT, NEXT]);
    await expectUnnoticed(stage, id, 2);
    expect(await activeOf(stage)).toBe(staged);
    expect(stage.observer.of("client.secret_switched")).toEqual([
      { clientId: stage.clientId, secretId: staged, insteadOf: before, code: "invalid_client" },
    ]);
  });

  test("gives way to one that was refused when it was too young", async () => {
    const { stage, ids } = await open(2);
    const staged = await stageSecret(stage, NEXT);
    knows(stage.server, CLIENT_SECRET);
    await stage.refresh(ids[0] ?? "");
    knows(stage.server, NEXT);
    await expect(stage.refresh(ids[1] ?? "")).resolves.toEqual({ kind: "renewed" });
    expect(await find(stage, staged)).toMatchObject({ state: "active", refusal: null });
  });

  test("gives way to the one before, where its successor came too early", async () => {
    const { stage, id } = await open();
    const old = await activeOf(stage);
    const early = await replaceSecret(stage, NEXT);
    knows(stage.server, CLIENT_SECRET);
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
    expect(sent(stage)).toEqual([NEXT, CLIENT_SECRET]);
    expect(await activeOf(stage)).toBe(old);
    expect(await find(stage, early)).toMatchObject({ state: "staged", refusal: { code: "invalid_client" } });
  });

  test("does not hide that a token was rejected with the staged one, with which the client was let in", async () => {
    const { stage, ids, id } = await open(2);
    const staged = await stageSecret(stage, NEXT);
    stage.server.revoke("refresh-1-1");
    knows(stage.server, NEXT);
    await expect(stage.passing(10 * SECOND, stage.refresh(id))).resolves.toEqual({ kind: "ended" });
    expect(sent(stage)).toEqual([NEXT, CLIENT_SECRET]);
    expect(stage.observer.of("client.suspended")).toEqual([]);
    expect(await activeOf(stage)).toBe(staged);
    await expect(stage.refresh(ids[1] ?? "")).resolves.toEqual({ kind: "renewed" });
  });

  test("that came too early is asked about again by a refresh that had to wait for the store, and not held to be refused still", async () => {
    const { stage, id } = await open();
    await replaceSecret(stage, NEXT);
    let isAway = false;
    const clients = {
      ...stage.clients,
      liveSecrets: async (clientId: string) => {
        if (isAway) throw storeIsDown();
        return stage.clients.liveSecrets(clientId);
      },
    };
    const refresher = createRefresher({ ...stage.ports, clients });
    stage.server.script(() => {
      isAway = true;
      return REFUSAL;
    });
    const refresh = refresher.refresh({ connectionId: id, generation: 1, origin: "manual" });
    await stage.clock.advance(MINUTE);
    knows(stage.server, NEXT);
    isAway = false;
    await expect(stage.passing(MINUTE, refresh)).resolves.toEqual({ kind: "renewed" });
    expect(sent(stage)).toEqual([NEXT, NEXT]);
    expect(stage.observer.of("client.suspended")).toEqual([]);
  });

  test("suspends the client where there is no other, and its successor brings it back with the first request", async () => {
    const { stage, id } = await open();
    knows(stage.server, NEXT);
    await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "client_suspended" });
    await stageSecret(stage, NEXT);
    await stage.clock.advance(PROBE_INTERVAL);
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
    expect(stage.observer.of("client.resumed")).toHaveLength(1);
    expect((await stage.clients.find(stage.clientId))?.suspension).toBeNull();
  });

  test("and was replaced while it was on its way is seen to be, and erased ones are not used again", async () => {
    const { stage, ids } = await open(2);
    const gate = createGate();
    knows(stage.server, NEXT);
    stage.server.script(waitsFor(gate, answers(401, { error: "invalid_client" })));
    const refresh = stage.refresh(ids[0] ?? "");
    await expect.poll(() => stage.server.requests.length).toBe(1);
    await replaceSecret(stage, NEXT, EMERGENCY);
    gate.open();
    await expect(refresh).resolves.toEqual({ kind: "renewed" });
    await stage.refresh(ids[1] ?? "");
    expect(sent(stage)).toEqual([CLIENT_SECRET, NEXT, NEXT]);
    expect(stage.observer.of("client.suspended")).toEqual([]);
  });

  test("leaves the word to its successor, with which a token was rejected before, when what came after that is wrong", async () => {
    const { stage, id } = await open();
    const { clients, clientId } = stage;
    const [old, staged] = [await activeOf(stage), await stageSecret(stage, NEXT)];
    stage.server.revoke("refresh-1-1");
    knows(stage.server, NEXT);
    stage.server.script(takes(stage.clock, 26 * SECOND, answers(400, { error: "invalid_grant" })));
    const refresh = stage.refresh(id);
    await expect.poll(() => stage.server.requests.length).toBe(1);
    await clients.promoteSecret(clientId, staged, { by: "operator", force: true });
    await clients.retireSecret(clientId, old ?? "", "operator");
    await stageSecret(stage, "mistyped");
    await expect(stage.passing(40 * SECOND, refresh)).resolves.toEqual({ kind: "ended" });
    expect(sent(stage)).toEqual([NEXT, "mistyped", NEXT]);
    expect(stage.observer.of("client.suspended")).toEqual([]);
  });

  test("is asked about although two others were refused, because somebody has changed the secrets meanwhile", async () => {
    const { stage, id } = await open();
    const gate = createGate();
    knows(stage.server, CLIENT_SECRET);
    const staged = await stageSecret(stage, NEXT);
    stage.server.script(waitsFor(gate, answers(401, { error: "invalid_client" })));
    const refresh = stage.refresh(id);
    await expect.poll(() => stage.server.requests.length).toBe(1);
    await stage.clients.retireSecret(stage.clientId, staged, "operator");
    await replaceSecret(stage, "too-early");
    gate.open();
    await expect(refresh).resolves.toEqual({ kind: "renewed" });
    expect(sent(stage)).toEqual([NEXT, "too-early", CLIENT_SECRET]);
    expect(stage.observer.of("client.suspended")).toEqual([]);
  });

  test("is not tried again by anybody once it leaked, however wrong its successor is", async () => {
    const { stage, id } = await open();
    await replaceSecret(stage, "mistyped", EMERGENCY);
    knows(stage.server, CLIENT_SECRET);
    await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "client_suspended" });
    expect(sent(stage)).toEqual(["mistyped"]);
  });
});
