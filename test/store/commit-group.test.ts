import { describe, expect, test } from "vitest";
import type { CommitResult } from "../../src/connection/store.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";
import { createCommitGroup } from "../../src/store/commit-group.ts";
import { createDeferred, type Deferred } from "../runtime/deferred.ts";
import { commitOf } from "../stage/store-stage.ts";

interface Batch extends Pick<Deferred<CommitResult[]>, "reject"> {
  /** What it is to commit, such as `con_1/2` for the second generation. */
  names: string[];
  succeed(): void;
}

/** A group whose transactions end when the test says so. */
function setUp() {
  const batches: Batch[] = [];
  const told: string[] = [];
  const commit = createCommitGroup((commits) => {
    const results = createDeferred<CommitResult[]>();
    const names = commits.map(({ commit: { connectionId, tokens } }) => `${connectionId}/${tokens.generation}`);
    batches.push({
      names,
      succeed: () => results.resolve(names.map(() => ({ kind: "committed", was: "active" }))),
      reject: (error) => results.reject(error),
    });
    return results.promise;
  });
  return {
    batches,
    told,
    /** Notes in `told` what becomes of each. */
    commit: (...names: string[]) => {
      for (const name of names) {
        const [connectionId = "", generation] = name.split("/");
        const claim = { connectionId, generation: 1, owner: "ins_a", epoch: 1, earlier: null };
        commit(commitOf(connectionId, Number(generation)), claim).then(
          ({ kind }) => told.push(`${name} ${kind}`),
          (error: Error) => told.push(`${name} ${error.message}`),
        );
      }
    },
    /** Ends the transaction that is under way, and lets the next one begin. */
    end: async (how: (batch: Batch) => void) => {
      const batch = batches.at(-1);
      if (batch) how(batch);
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    },
  };
}

const succeed = (batch: Batch) => batch.succeed();

describe("a group of commits", () => {
  test("begins at once, and lets those share a transaction that come while one is under way", async () => {
    const { batches, told, commit, end } = setUp();
    commit("con_1/2", "con_2/2", "con_3/2");
    expect(batches.map(({ names }) => names)).toEqual([["con_1/2"]]);
    await end(succeed);
    expect(told).toEqual(["con_1/2 committed"]);
    commit("con_4/2");
    expect(batches.at(-1)?.names).toEqual(["con_2/2", "con_3/2"]);
    await end(succeed);
    expect(batches.at(-1)?.names).toEqual(["con_4/2"]);
    await end(succeed);
    expect(told.slice(1)).toEqual(["con_2/2 committed", "con_3/2 committed", "con_4/2 committed"]);
    commit("con_5/2");
    expect(batches.at(-1)?.names).toEqual(["con_5/2"]);
    expect(batches).toHaveLength(4);
  });

  test("has a connection once in a transaction, and keeps the order of its commits", async () => {
    const { batches, commit, end } = setUp();
    commit("con_0/2", "con_1/2", "con_1/3", "con_2/2", "con_1/4", "con_2/3");
    for (let i = 0; i < 4; i++) await end(succeed);
    expect(batches.map(({ names }) => names)).toEqual([
      ["con_0/2"],
      ["con_1/2", "con_2/2"],
      ["con_1/3", "con_2/3"],
      ["con_1/4"],
    ]);
  });

  test("takes 64 at the most into a transaction", async () => {
    const { batches, commit, end } = setUp();
    commit("con_0/2", ...Array.from({ length: 70 }, (_, i) => `con_${i + 1}/2`));
    for (let i = 0; i < 3; i++) await end(succeed);
    expect(batches.map(({ names }) => names.length)).toEqual([1, 64, 6]);
    expect(batches.at(-1)?.names[0]).toBe("con_65/2");
  });

  test("tells each its own result", async () => {
    const told: CommitResult[] = [];
    const superseded = { kind: "superseded" } as const;
    const first = createDeferred<CommitResult[]>();
    const results = [
      first.promise,
      Promise.resolve<CommitResult[]>([superseded, { kind: "committed", was: "degraded" }]),
    ];
    const commit = createCommitGroup(() => results.shift() ?? Promise.resolve([]));
    const claim = { connectionId: "", generation: 1, owner: "ins_a", epoch: 1, earlier: null };
    const all = ["con_1", "con_2", "con_3"].map((id) => commit(commitOf(id, 2), claim).then((one) => told.push(one)));
    first.resolve([superseded]);
    await Promise.all(all);
    expect(told).toEqual([superseded, superseded, { kind: "committed", was: "degraded" }]);
  });

  test("tries the others one by one when a transaction was not taken for the sake of one", async () => {
    const { batches, told, commit, end } = setUp();
    commit("con_0/2", "con_1/2", "con_2/2", "con_3/2");
    await end(succeed);
    await end(({ reject }) => reject(new Error("not null")));
    commit("con_4/2");
    await end(succeed);
    await end(({ reject }) => reject(new Error("not null")));
    await end(succeed);
    await end(succeed);
    expect(batches.slice(1).map(({ names }) => names)).toEqual([
      ["con_1/2", "con_2/2", "con_3/2"],
      ["con_1/2"],
      ["con_2/2"],
      ["con_3/2"],
      ["con_4/2"],
    ]);
    expect(told).toEqual([
      "con_0/2 committed",
      "con_1/2 committed",
      "con_2/2 not null",
      "con_3/2 committed",
      "con_4/2 committed",
    ]);
  });

  test("tells all of a transaction when the database is gone, and goes on with those who come then", async () => {
    const { batches, told, commit, end } = setUp();
    commit("con_0/2", "con_1/2", "con_2/2");
    await end(succeed);
    commit("con_3/2");
    await end(({ reject }) => reject(new ServiceError("store_unavailable", "gone")));
    expect(told).toEqual(["con_0/2 committed", "con_1/2 gone", "con_2/2 gone"]);
    expect(batches.at(-1)?.names).toEqual(["con_3/2"]);
    await end(succeed);
    expect(told.at(-1)).toBe("con_3/2 committed");
  });

  test("is an error for whom a transaction has no result", async () => {
    const commit = createCommitGroup(() => Promise.resolve([]));
    const claim = { connectionId: "con_1", generation: 1, owner: "ins_a", epoch: 1, earlier: null };
    await expect(commit(commitOf("con_1", 2), claim)).rejects.toThrow("no result");
  });
});
