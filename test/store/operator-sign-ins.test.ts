import { describe, expect, test } from "vitest";
import { DAY } from "../../src/runtime/clock.ts";
import { createOperatorSignInStore } from "../../src/store/operator-sign-ins.ts";
import { DATABASES } from "../stage/databases.ts";
import { openStoreStage } from "../stage/store-stage.ts";

describe.each(DATABASES)("attempts to sign in on $name", (kind) => {
  test("are used once, also when several come at the same time, and forgotten after a day", async () => {
    const { database, clock } = await openStoreStage(kind);
    const signIns = createOperatorSignInStore(database);
    const used = await Promise.all([1, 2, 3].map(() => signIns.use("a")));
    expect(used.filter(Boolean)).toEqual([true]);
    expect(await signIns.use("b")).toBe(true);
    await clock.advance(DAY);
    expect(await signIns.use("a")).toBe(false);
    await clock.advance(1);
    expect(await signIns.use("c")).toBe(true);
    const kept = await database.read((queries) => queries.selectFrom("operator_sign_ins").select("id").execute());
    expect(kept).toEqual([{ id: "c" }]);
  });

  test("are noted as refused", async () => {
    const { database, clock } = await openStoreStage(kind);
    const signIns = createOperatorSignInStore(database);
    for (const id of ["a", "b"]) await signIns.use(id);
    await signIns.refuse("a");
    const rows = await database.read((queries) =>
      queries.selectFrom("operator_sign_ins").selectAll().orderBy("id").execute(),
    );
    expect(rows).toEqual([
      { id: "a", used_at: clock.now(), refused_at: clock.now() },
      { id: "b", used_at: clock.now(), refused_at: null },
    ]);
  });
});
