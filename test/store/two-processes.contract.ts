import { describe, expect, test } from "vitest";
import type { Claim } from "../../src/connection/claim.ts";
import type { ConnectionStore } from "../../src/connection/store.ts";
import type { Clock } from "../../src/runtime/clock.ts";
import { createConnectionStore } from "../../src/store/connections.ts";
import type { Database } from "../../src/store/database.ts";
import {
  claimRequest,
  commitOf,
  dueRequest,
  openStoreStage,
  tokenRecord,
  type StoreStage,
} from "../stage/store-stage.ts";

/** Two processes with a database between them. */
export interface TwoProcesses {
  name: string;
  open(clock: Clock): Promise<[Database, Database]>;
  /** Makes the calls at once, or in turn where the two share a thread that a waiting one would block. */
  together<T>(calls: readonly (() => Promise<T>)[]): Promise<T[]>;
}

export const IDS = Array.from({ length: 20 }, (_, i) => `con_${i}`);
const DIAGNOSIS = { cause: "unknown", confidence: "possible", evidence: {} } as const;

const OWNERS = { ours: "ins_a", theirs: "ins_b" };

interface Taken {
  id: string;
  late: Claim;
  claim: Claim;
}

interface Stage extends StoreStage {
  /** The database of the other process. */
  other: Database;
  /** As `ins_a` and `ins_b` see the connections. */
  ours: ConnectionStore;
  theirs: ConnectionStore;
  /** For each connection a claim of `ins_a`, and one of `ins_b`, who took it over. */
  takeOver(): Promise<Taken[]>;
}

export async function openTwoProcesses(kind: TwoProcesses): Promise<Stage> {
  let other: Database | undefined;
  const stage = await openStoreStage({
    name: kind.name,
    open: async (clock) => {
      const [first, second] = await kind.open(clock);
      other = second;
      return { ...first, close: () => Promise.all([first.close(), second.close()]).then(() => undefined) };
    },
  });
  if (!other) throw new Error("There is only one database.");
  for (const id of IDS) await stage.create(id, {}, { dueAt: 1 });
  await stage.beat("ins_a");
  await stage.beat("ins_b");
  const theirs = createConnectionStore(other);
  return {
    ...stage,
    other,
    ours: stage.connections,
    theirs,
    takeOver: () =>
      Promise.all(
        IDS.map(async (id) => {
          const late = await stage.claim(id);
          return { id, late, claim: await stage.claim(id, { owner: "ins_b", gone: "ins_a" }) };
        }),
      ),
  };
}

type Side = "ours" | "theirs";

/** One call of each side for each item, in changing order. */
function pairs<I, T>(items: readonly I[], call: (item: I, side: Side) => Promise<T>): (() => Promise<T>)[] {
  return items.flatMap((item, i) => {
    const both = [() => call(item, "ours"), () => call(item, "theirs")];
    return i % 2 === 0 ? both : both.toReversed();
  });
}

/** What two processes may rely on, whatever database is between them. */
export function twoProcessesContract(kind: TwoProcesses): void {
  describe(`two processes at once on ${kind.name}`, () => {
    test("that claim a connection: it is granted to one, and the other is told who has it", async () => {
      const stage = await openTwoProcesses(kind);
      const results = await kind.together(
        pairs(IDS, (id, side) => stage[side].claim(claimRequest(id, { owner: OWNERS[side] }))),
      );
      for (const [i, id] of IDS.entries()) {
        const { owner, leaseUntil, epoch } = await stage.lease(id);
        const two = results.slice(2 * i, 2 * i + 2);
        expect(two).toContainEqual({ kind: "held", owner, until: leaseUntil });
        expect(two).toContainEqual({
          kind: "claimed",
          claim: expect.objectContaining({ connectionId: id, owner, epoch }),
        });
        expect(epoch).toBe(1);
      }
    });

    test("that claim what is due: each connection is granted to one, and none is left", async () => {
      const stage = await openTwoProcesses(kind);
      const sweeps = pairs([1, 2, 3, 4, 5, 6, 7], (_, side) =>
        stage[side].claimDue(dueRequest({ owner: OWNERS[side], limit: 3 })),
      );
      const granted = [...(await kind.together(sweeps)), await stage.theirs.claimDue(dueRequest({ owner: "ins_b" }))];
      const ids = granted.flat().map(({ claim }) => claim.connectionId);
      expect(ids.toSorted()).toEqual(IDS.toSorted());
      for (const { claim, held } of granted.flat()) {
        expect(held.lease).toMatchObject({ owner: claim.owner, epoch: 1 });
        expect(await stage.held(claim.connectionId)).toEqual(held);
      }
    });

    test("that commit: one wins, and what the other received is set aside", async () => {
      const stage = await openTwoProcesses(kind);
      const results = await kind.together(
        pairs(await stage.takeOver(), async ({ id, late, claim }, side) => {
          const [tokens, by] = side === "ours" ? [tokenRecord(2, 1), late] : [tokenRecord(2, 2), claim];
          const result = await stage[side].commit({ ...commitOf(id, 2), tokens }, by);
          if (result.kind === "superseded") await stage[side].setAside(id, tokens, by);
          return result.kind;
        }),
      );
      for (const [i, id] of IDS.entries()) {
        expect(results.slice(2 * i, 2 * i + 2).toSorted()).toEqual(["committed", "superseded"]);
        const kept = [(await stage.held(id)).tokens, ...(await stage.ours.spares(id)).map(({ tokens }) => tokens)];
        expect(new Set(kept.map(({ sealedRefreshToken }) => sealedRefreshToken?.[2]))).toEqual(new Set([1, 2]));
        expect(await stage.lease(id)).toMatchObject({ owner: null, dueAt: 7 });
      }
    });

    test("of which one commits and one rejects: the connection lives", async () => {
      const stage = await openTwoProcesses(kind);
      await kind.together(
        pairs<Taken, unknown>(await stage.takeOver(), ({ id, late, claim }, side) => {
          if (side === "ours") return stage.ours.commit(commitOf(id, 2), late);
          const history = { kind: "reauthorization_required", generation: 1, detail: {} } as const;
          const brake = { windowMs: 1, tolerated: 1000, patienceMs: 1, backoffMs: 1 };
          return stage.theirs.reject({ claim, diagnosis: DIAGNOSIS, history, confirmAfterMs: null, brake });
        }),
      );
      for (const id of IDS) {
        expect(await stage.held(id)).toMatchObject({
          connection: { status: "active", diagnosis: null },
          tokens: tokenRecord(2),
          lease: { dueAt: 7, owner: null, rejectedAt: null },
        });
      }
    });

    test("of which one commits and one disconnects: the connection is over, and holds no token", async () => {
      const stage = await openTwoProcesses(kind);
      const claims = await Promise.all(IDS.map((id) => stage.claim(id)));
      await kind.together(
        pairs<Claim, unknown>(claims, (claim, side) => {
          const id = claim.connectionId;
          if (side === "ours") return stage.ours.commit(commitOf(id, 2), claim);
          return stage.theirs.disconnect(id, { kind: "disconnected", generation: 1, detail: {} });
        }),
      );
      for (const id of IDS) {
        expect(await stage.held(id)).toMatchObject({
          connection: { status: "disconnected" },
          tokens: { sealedAccessToken: null, sealedRefreshToken: null },
          lease: { dueAt: null, owner: null },
        });
      }
    });
  });
}
