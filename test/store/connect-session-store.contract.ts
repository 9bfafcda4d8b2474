import { describe, expect, test } from "vitest";
import type { ConnectSessionStore, NewConnectSession } from "../../src/connect/connect-session.ts";
import { createConnectSessionStore } from "../../src/store/connect-sessions.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { MINUTE } from "../../src/runtime/clock.ts";
import { openStoreStage } from "../stage/store-stage.ts";

const SESSION: NewConnectSession = {
  id: "cs_1",
  tenantId: "default",
  clientId: "cli_1",
  connectionId: null,
  endUser: "Zoë",
  scopes: ["a", "b c"],
  requiredScopes: ["b c"],
  parameters: { prompt: "consent" },
  returnUrl: "https://app.example/done",
  completion: "confirm",
  switchEpoch: null,
  linkHash: "link-hash",
  expiresAt: 600_000,
};
const ATTEMPT = {
  stateHash: "state",
  browserHash: "browser",
  nonce: "nonce",
  redirectUri: "https://connect.example/oauth/callback/cli_1",
  sealedCodeVerifier: Buffer.of(1, 0),
};
const PROBLEM = { code: "access_denied", detail: "The user said no." } as const;

async function openWithSession(kind: DatabaseKind) {
  const { database, clock } = await openStoreStage(kind);
  const sessions = createConnectSessionStore(database);
  await sessions.create(SESSION);
  return { sessions, clock };
}

/** Up to the moment at which the code may be exchanged. */
async function exchanging(sessions: ConnectSessionStore, id = "cs_1"): Promise<void> {
  await sessions.start(id, { ...ATTEMPT, stateHash: `state of ${id}` });
  await sessions.authorize(id, Buffer.of(9));
  await sessions.advance(id, "authorized", "exchanging");
}

/** What every database has to make of `ConnectSessionStore`. */
export function connectSessionStoreContract(kind: DatabaseKind): void {
  describe(`connect sessions on ${kind.name}`, () => {
    test("come back as they were stored, as created and with the database's time", async () => {
      const { sessions, clock } = await openWithSession(kind);
      const empty = { status: "created", attempt: null, sealedCode: null, sealedArrival: null, problem: null };
      expect(await sessions.find("cs_1")).toEqual({ ...SESSION, ...empty, createdAt: clock.now() });
      expect(await sessions.find("cs_none")).toBeNull();
    });

    test("are found by the state of their newest attempt only", async () => {
      const { sessions } = await openWithSession(kind);
      expect(await sessions.start("cs_1", ATTEMPT)).toBe(true);
      expect(await sessions.findByState("state")).toMatchObject({ id: "cs_1", status: "started", attempt: ATTEMPT });
      expect(await sessions.start("cs_1", { ...ATTEMPT, stateHash: "second", sealedCodeVerifier: null })).toBe(true);
      expect(await sessions.findByState("state")).toBeNull();
      expect((await sessions.findByState("second"))?.attempt).toMatchObject({ sealedCodeVerifier: null });
    });

    test("do not share a state", async () => {
      const { sessions } = await openWithSession(kind);
      await sessions.create({ ...SESSION, id: "cs_2" });
      await sessions.start("cs_1", ATTEMPT);
      await expect(sessions.start("cs_2", ATTEMPT)).rejects.toThrow(/.+/);
    });

    test("keep the sealed code until it is exchanged", async () => {
      const { sessions } = await openWithSession(kind);
      expect(await sessions.authorize("cs_1", Buffer.of(9))).toBe(false);
      await sessions.start("cs_1", ATTEMPT);
      expect(await sessions.authorize("cs_1", Buffer.of(9))).toBe(true);
      expect(await sessions.find("cs_1")).toMatchObject({ status: "authorized", sealedCode: Buffer.of(9) });
      expect(await sessions.authorize("cs_1", Buffer.of(8))).toBe(false);
      expect(await sessions.start("cs_1", ATTEMPT)).toBe(false);
    });

    test("let one of many exchange the code", async () => {
      const { sessions } = await openWithSession(kind);
      await sessions.start("cs_1", ATTEMPT);
      const claims = Array.from({ length: 10 }, () => sessions.advance("cs_1", "started", "exchanging"));
      expect((await Promise.all(claims)).filter((won) => won)).toHaveLength(1);
      expect(await sessions.advance("cs_1", "authorized", "exchanging")).toBe(false);
    });

    test("that are completed name their connection and keep no secret", async () => {
      const { sessions } = await openWithSession(kind);
      await exchanging(sessions);
      const problem = { code: "refresh_token_missing", detail: "None.", missing: ["scope=offline"] } as const;
      await sessions.complete("cs_1", "con_1", { ...problem, missing: [...problem.missing] });
      const found = await sessions.find("cs_1");
      expect(found).toMatchObject({ status: "completed", connectionId: "con_1", sealedCode: null, problem });
      expect(found?.attempt).toEqual({ ...ATTEMPT, stateHash: "state of cs_1", sealedCodeVerifier: null });
    });

    test("that failed say why and keep no secret", async () => {
      const { sessions } = await openWithSession(kind);
      await exchanging(sessions);
      await sessions.fail("cs_1", PROBLEM);
      const found = await sessions.find("cs_1");
      expect(found).toMatchObject({ status: "failed", connectionId: null, sealedCode: null, problem: PROBLEM });
      expect(found?.attempt?.sealedCodeVerifier).toBeNull();
    });

    test("keep what came with another account until its person has decided, and no longer than they live", async () => {
      const { sessions, clock } = await openWithSession(kind);
      const problem = { ...PROBLEM, accounts: { expected: "a@example.com", given: null } };
      const living = { ...SESSION, switchEpoch: 3, expiresAt: clock.now() + MINUTE };
      for (const id of ["cs_2", "cs_3"]) await sessions.create({ ...living, id });
      await sessions.askToSwitch("cs_2", Buffer.of(7), problem);
      expect(await sessions.find("cs_2")).toMatchObject({ status: "created", sealedArrival: null, switchEpoch: 3 });
      for (const id of ["cs_2", "cs_3"]) {
        await exchanging(sessions, id);
        await sessions.askToSwitch(id, Buffer.of(7), problem);
      }
      await sessions.fail("cs_3", problem);
      expect(await sessions.find("cs_3")).toMatchObject({ status: "failed", sealedArrival: null });
      await sessions.prune(0);
      const waiting = { status: "switching", sealedArrival: Buffer.of(7), problem };
      expect(await sessions.find("cs_2")).toMatchObject(waiting);
      await clock.leap(MINUTE);
      expect(await sessions.find("cs_2")).toMatchObject(waiting);
      await sessions.create({ ...SESSION, id: "cs_4" });
      expect(await sessions.find("cs_2")).toMatchObject({ ...waiting, sealedArrival: null });
    });

    test("forget that too when old ones are deleted", async () => {
      const { sessions, clock } = await openWithSession(kind);
      await sessions.create({ ...SESSION, id: "cs_2", expiresAt: clock.now() + MINUTE });
      await exchanging(sessions, "cs_2");
      await sessions.askToSwitch("cs_2", Buffer.of(7), PROBLEM);
      await clock.leap(MINUTE);
      await sessions.prune(0);
      expect(await sessions.find("cs_2")).toMatchObject({ status: "switching", sealedArrival: null });
    });

    test("stay as they ended", async () => {
      const { sessions } = await openWithSession(kind);
      await exchanging(sessions);
      await sessions.complete("cs_1", "con_1", null);
      const before = await sessions.find("cs_1");
      await sessions.fail("cs_1", PROBLEM);
      await sessions.complete("cs_1", "con_2", null);
      expect(await sessions.start("cs_1", ATTEMPT)).toBe(false);
      expect(await sessions.find("cs_1")).toEqual(before);
    });

    test("are deleted by when they expired", async () => {
      const { sessions } = await openWithSession(kind);
      await sessions.create({ ...SESSION, id: "cs_2", expiresAt: SESSION.expiresAt + 1 });
      await sessions.prune(SESSION.expiresAt);
      expect(await sessions.find("cs_1")).not.toBeNull();
      await sessions.prune(SESSION.expiresAt + 1);
      expect(await sessions.find("cs_1")).toBeNull();
      expect(await sessions.find("cs_2")).not.toBeNull();
    });
  });
}
