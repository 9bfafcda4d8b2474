import { describe, expect, test } from "vitest";
import { GRACE, MOST_TRIALS, PROOFS, TRIAL, type ClientSecret } from "../../src/client/client-secret.ts";
import { DAY, MINUTE } from "../../src/runtime/clock.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { NEW_SECRET } from "../stage/new-secret.ts";
import { openStoreStage, type StoreStage } from "../stage/store-stage.ts";

const FIRST = { id: "sec_1", sealed: Buffer.of(1, 0, 255) };
const SECOND = { id: "sec_2", sealed: Buffer.of(2), createdBy: "key_2", expiresAt: 77 };
const THIRD = { id: "sec_3", sealed: Buffer.of(3) };
const SUSPENSION = { cause: "client_secret_rejected", code: "invalid_client", probeAt: 1 } as const;

/** A client with an active secret, and a staged one. */
async function openStaged(kind: DatabaseKind, options = {}): Promise<StoreStage> {
  const stage = await openStoreStage(kind);
  await stage.clients.replaceSecret("cli_1", FIRST);
  expect(await stage.clients.stageSecret("cli_1", SECOND, options)).toBe("added");
  return stage;
}

async function statesOf({ clients }: StoreStage): Promise<[string, string][]> {
  return (await clients.liveSecrets("cli_1")).map(({ id, state }) => [id, state]);
}

async function secretOf({ clients }: StoreStage, id: string): Promise<ClientSecret> {
  const found = (await clients.listSecrets(["cli_1"])).find((secret) => secret.id === id);
  if (!found) throw new Error(`There is no ${id}.`);
  return found;
}

async function proveFully({ clients }: StoreStage, id: string): Promise<string[]> {
  const proofs: string[] = [];
  for (let proof = 0; proof < PROOFS; proof++) proofs.push(await clients.proveSecret("cli_1", id));
  return proofs;
}

/** What every database has to make of `ClientSecretStore`. */
export function clientSecretStoreContract(kind: DatabaseKind): void {
  describe(`adding a client secret on ${kind.name}`, () => {
    test("makes the first one active, with nobody's place taken", async () => {
      const { clients, clock } = await openStoreStage(kind);
      await clients.stageSecret("cli_1", FIRST, { promotesItself: true });
      const stored = { ...NEW_SECRET, ...FIRST, createdAt: clock.now() };
      expect(await clients.listSecrets(["cli_1"])).toEqual([stored]);
      expect(await clients.liveSecrets("cli_1")).toEqual([{ ...stored, awaitsTrial: false }]);
      expect(await clients.activeSecret("cli_1")).toMatchObject({ id: "sec_1" });
      expect(await clients.activeSecret("cli_none")).toBeNull();
      expect(await clients.listSecrets([])).toEqual([]);
    });

    test("stages the next one, and leaves the active one in its place", async () => {
      const stage = await openStaged(kind, { promotesItself: true });
      expect(await statesOf(stage)).toEqual([
        ["sec_1", "active"],
        ["sec_2", "staged"],
      ]);
      expect(await secretOf(stage, "sec_2")).toMatchObject({ createdBy: "key_2", expiresAt: 77, promotesItself: true });
    });

    test("takes two and no third, of several at once too", async () => {
      const stage = await openStoreStage(kind);
      await stage.clients.replaceSecret("cli_1", FIRST);
      const added = await Promise.all([SECOND, THIRD].map((secret) => stage.clients.stageSecret("cli_1", secret)));
      expect(added.toSorted()).toEqual(["added", "full"]);
      expect(await stage.clients.replaceSecret("cli_1", { ...THIRD, id: "sec_4" })).toBe("full");
      expect(await statesOf(stage)).toHaveLength(2);
    });

    test("takes another in the place of a staged one that was refused", async () => {
      const stage = await openStaged(kind);
      await stage.clients.noteRefusal({ clientId: "cli_1", refused: { id: "sec_2", code: "x" }, acceptedId: "sec_1" });
      expect(await stage.clients.stageSecret("cli_1", THIRD)).toBe("added");
      expect(await statesOf(stage)).toEqual([
        ["sec_1", "active"],
        ["sec_3", "staged"],
      ]);
      expect(await secretOf(stage, "sec_2")).toMatchObject({ state: "retired", sealed: null });
    });
  });

  describe(`replacing a client secret on ${kind.name}`, () => {
    test("is one step: the new one is active, the old one kept for a day", async () => {
      const stage = await openStoreStage(kind);
      const { clients, clock } = stage;
      await clients.replaceSecret("cli_1", FIRST);
      const now = clock.now();
      expect(await clients.replaceSecret("cli_1", SECOND)).toBe("added");
      expect(await clients.activeSecret("cli_1")).toMatchObject({ id: "sec_2", promotedAt: now, promotedBy: "key_2" });
      const kept = { state: "retired", retiredAt: now, retiredBy: "key_2", keptUntil: now + GRACE };
      expect(await secretOf(stage, "sec_1")).toMatchObject(kept);
      expect(await statesOf(stage)).toEqual([
        ["sec_2", "active"],
        ["sec_1", "retired"],
      ]);
      await clock.advance(GRACE);
      expect(await statesOf(stage)).toEqual([["sec_2", "active"]]);
    });

    test("that leaked erases whatever was there, at once", async () => {
      const stage = await openStaged(kind);
      expect(await stage.clients.replaceSecret("cli_1", THIRD, { keepMs: 0, makesRoom: true })).toBe("added");
      expect(await statesOf(stage)).toEqual([["sec_3", "active"]]);
      for (const id of ["sec_1", "sec_2"]) {
        expect(await secretOf(stage, id)).toMatchObject({ state: "retired", sealed: null });
      }
    });

    test("that cannot be stored leaves the old one active", async () => {
      const { clients } = await openStoreStage(kind);
      await clients.replaceSecret("cli_1", FIRST);
      await clients.suspend("cli_1", SUSPENSION);
      await expect(clients.replaceSecret("cli_1", FIRST)).rejects.toThrow(/.+/);
      expect(await clients.activeSecret("cli_1")).toMatchObject({ id: "sec_1", state: "active" });
      expect((await clients.find("cli_1"))?.suspension).not.toBeNull();
    });

    test("ends a suspension, and erases what would be a third", async () => {
      const stage = await openStaged(kind);
      await stage.clients.suspend("cli_1", SUSPENSION);
      await stage.clients.replaceSecret("cli_1", THIRD, { makesRoom: true });
      expect((await stage.clients.find("cli_1"))?.suspension).toBeNull();
      expect(await statesOf(stage)).toEqual([
        ["sec_3", "active"],
        ["sec_1", "retired"],
      ]);
    });
  });

  describe(`trying a staged secret on ${kind.name}`, () => {
    test("is granted to one refresh at a time, until it is proven", async () => {
      const stage = await openStaged(kind);
      const { clients } = stage;
      const awaits = async () => (await clients.liveSecrets("cli_1")).map(({ awaitsTrial }) => awaitsTrial);
      expect(await awaits()).toEqual([false, true]);
      const claims = await Promise.all(Array.from({ length: 5 }, () => clients.claimTrial("sec_2")));
      expect(claims.filter((granted) => granted)).toHaveLength(1);
      expect(await awaits()).toEqual([false, false]);
      await clients.proveSecret("cli_1", "sec_2");
      expect(await awaits()).toEqual([false, true]);
      expect(await clients.claimTrial("sec_2")).toBe(true);
      await proveFully(stage, "sec_2");
      expect(await clients.claimTrial("sec_2")).toBe(false);
      expect(await clients.claimTrial("sec_1")).toBe(false);
    });

    test("whose outcome nobody heard is granted again after a minute, and not for ever", async () => {
      const { clients, clock } = await openStaged(kind);
      for (let trial = 0; trial < MOST_TRIALS; trial++) {
        expect(await clients.claimTrial("sec_2")).toBe(true);
        await clock.advance(TRIAL - 1);
        expect(await clients.claimTrial("sec_2")).toBe(false);
        await clock.advance(1);
      }
      expect(await clients.claimTrial("sec_2")).toBe(false);
    });

    test("promotes it with the last proof only where that was asked for", async () => {
      const patient = await openStaged(kind);
      expect(await proveFully(patient, "sec_2")).toEqual(["proven", "proven", "proven"]);
      expect(await statesOf(patient)).toContainEqual(["sec_2", "staged"]);
      const eager = await openStaged(kind, { promotesItself: true });
      expect(await proveFully(eager, "sec_2")).toEqual(["proven", "proven", "promoted"]);
      expect(await statesOf(eager)).toEqual([
        ["sec_2", "active"],
        ["sec_1", "retired"],
      ]);
      expect(await secretOf(eager, "sec_2")).toMatchObject({ promotedBy: null, provenCount: PROOFS });
    });
  });

  describe(`promoting a staged secret on ${kind.name}`, () => {
    test("needs its proofs, and says who did it", async () => {
      const stage = await openStaged(kind);
      const { clients, clock } = stage;
      await clients.suspend("cli_1", SUSPENSION);
      expect(await clients.promoteSecret("cli_1", "sec_2", { by: "key_9", force: false })).toBe("unproven");
      await proveFully(stage, "sec_2");
      expect(await clients.promoteSecret("cli_1", "sec_2", { by: "key_9", force: false })).toBe("promoted");
      const at = clock.now();
      expect(await secretOf(stage, "sec_2")).toMatchObject({ state: "active", promotedAt: at, promotedBy: "key_9" });
      expect(await secretOf(stage, "sec_1")).toMatchObject({ retiredBy: "key_9", keptUntil: at + GRACE });
      expect((await clients.find("cli_1"))?.suspension).toBeNull();
      expect(await clients.promoteSecret("cli_1", "sec_2", { by: "key_9", force: true })).toBe("not_staged");
      expect(await clients.promoteSecret("cli_1", "sec_1", { by: "key_9", force: true })).toBe("not_staged");
    });

    test("can be forced, also after a refusal", async () => {
      const stage = await openStaged(kind);
      const { clients } = stage;
      await clients.noteRefusal({ clientId: "cli_1", refused: { id: "sec_2", code: "x" }, acceptedId: "sec_1" });
      expect(await clients.promoteSecret("cli_1", "sec_2", { by: "key_9", force: false })).toBe("refused");
      expect(await clients.promoteSecret("cli_1", "sec_2", { by: "key_9", force: true })).toBe("promoted");
      expect(await secretOf(stage, "sec_2")).toMatchObject({ state: "active", refusal: null });
    });
  });

  describe(`a refusal that is proven, on ${kind.name}`, () => {
    test("marks a staged secret once, which is not tried again", async () => {
      const stage = await openStaged(kind, { promotesItself: true });
      const { clients, clock } = stage;
      const refusal = { clientId: "cli_1", refused: { id: "sec_2", code: "invalid_client" }, acceptedId: "sec_1" };
      expect(await clients.noteRefusal(refusal)).toBe("refused");
      expect(await clients.noteRefusal(refusal)).toBe("unchanged");
      expect(await secretOf(stage, "sec_2")).toMatchObject({
        state: "staged",
        refusal: { code: "invalid_client", at: clock.now() },
        promotesItself: false,
      });
      expect(await clients.claimTrial("sec_2")).toBe(false);
      // It is there still, for the case that the active one ends.
      expect(await statesOf(stage)).toHaveLength(2);
    });

    test("of the active secret promotes the staged one", async () => {
      const stage = await openStaged(kind);
      const refusal = { clientId: "cli_1", refused: { id: "sec_1", code: "invalid_client" }, acceptedId: "sec_2" };
      expect(await stage.clients.noteRefusal(refusal)).toBe("switched");
      expect(await statesOf(stage)).toEqual([
        ["sec_2", "active"],
        ["sec_1", "retired"],
      ]);
      expect(await secretOf(stage, "sec_1")).toMatchObject({ refusal: { code: "invalid_client" }, retiredBy: null });
      expect(await stage.clients.noteRefusal(refusal)).toBe("unchanged");
    });

    test("of one that was promoted too early puts the old one back, and stages it again", async () => {
      const stage = await openStoreStage(kind);
      await stage.clients.replaceSecret("cli_1", FIRST);
      await stage.clients.replaceSecret("cli_1", SECOND);
      const refusal = { clientId: "cli_1", refused: { id: "sec_2", code: "invalid_client" }, acceptedId: "sec_1" };
      expect(await stage.clients.noteRefusal(refusal)).toBe("switched");
      expect(await statesOf(stage)).toEqual([
        ["sec_1", "active"],
        ["sec_2", "staged"],
      ]);
      expect(await secretOf(stage, "sec_1")).toMatchObject({ retiredAt: null, keptUntil: null });
    });
  });

  describe(`erasing client secrets on ${kind.name}`, () => {
    test("is refused for the active one, and done once for another", async () => {
      const stage = await openStaged(kind);
      const { clients } = stage;
      expect(await clients.retireSecret("cli_1", "sec_1", "key_9")).toBe("active");
      expect(await clients.retireSecret("cli_2", "sec_2", "key_9")).toBe("unknown");
      expect(await clients.retireSecret("cli_1", "sec_2", "key_9")).toBe("retired");
      expect(await clients.retireSecret("cli_1", "sec_2", "key_9")).toBe("unknown");
      expect(await secretOf(stage, "sec_2")).toMatchObject({ state: "retired", sealed: null, retiredBy: "key_9" });
    });

    test("happens when one was kept long enough, and not before", async () => {
      const stage = await openStoreStage(kind);
      const { clients, clock } = stage;
      await clients.replaceSecret("cli_1", FIRST);
      await clients.replaceSecret("cli_1", SECOND);
      await clock.advance(GRACE - 1);
      expect(await clients.eraseRetired()).toEqual([]);
      await clock.advance(1);
      expect(await clients.eraseRetired()).toMatchObject([{ id: "sec_1", clientId: "cli_1", sealed: null }]);
      expect(await clients.eraseRetired()).toEqual([]);
      expect(await statesOf(stage)).toEqual([["sec_2", "active"]]);
    });
  });

  describe(`what is noted of a client secret on ${kind.name}`, () => {
    test("is its use, once a minute at most", async () => {
      const stage = await openStaged(kind);
      const { clients, clock } = stage;
      const at = clock.now();
      await clients.markSecretUsed("sec_1");
      await clock.advance(MINUTE - 1);
      await clients.markSecretUsed("sec_1");
      expect((await secretOf(stage, "sec_1")).lastUsedAt).toBe(at);
      await clock.advance(1);
      await clients.markSecretUsed("sec_1");
      expect((await secretOf(stage, "sec_1")).lastUsedAt).toBe(at + MINUTE);
      expect((await secretOf(stage, "sec_2")).lastUsedAt).toBeNull();
    });

    test("is its end, and each warning of it once", async () => {
      const stage = await openStoreStage(kind);
      const { clients, clock } = stage;
      await clients.replaceSecret("cli_1", { ...FIRST, expiresAt: clock.now() + 30 * DAY });
      expect(await clients.secretsEndingWithin(30 * DAY - 1)).toEqual([]);
      expect(await clients.secretsEndingWithin(30 * DAY)).toMatchObject([{ id: "sec_1" }]);
      expect(await Promise.all([clients.markWarned("sec_1", 30), clients.markWarned("sec_1", 30)])).toContain(false);
      expect(await clients.markWarned("sec_1", 7)).toBe(true);
      expect(await clients.markWarned("sec_1", 30)).toBe(false);
      await clients.replaceSecret("cli_1", SECOND);
      expect((await clients.secretsEndingWithin(30 * DAY)).map(({ id }) => id)).toEqual(["sec_2"]);
    });
  });
}
