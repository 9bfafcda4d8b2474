import { join } from "node:path";
import { expect, test } from "vitest";
import { MINUTE } from "../../src/runtime/clock.ts";
import { secret } from "../../src/runtime/secret.ts";
import { claim } from "../../src/store/connection-claims.ts";
import { openPostgres } from "../../src/store/postgres/open.ts";
import { openSqlite } from "../../src/store/sqlite/open.ts";
import { createGate } from "../stage/gate.ts";
import { followClock } from "../stage/postgres/follow-clock.ts";
import { postgresDatabase } from "../stage/postgres/database.ts";
import { claimRequest, dueRequest } from "../stage/store-stage.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { IDS, openTwoProcesses, twoProcessesContract, type TwoProcesses } from "./two-processes.contract.ts";

twoProcessesContract({
  name: "SQLite in a file",
  open: async (clock) => {
    const path = join(temporaryFolder(), "evergrant.db");
    return [await openSqlite(path, clock), await openSqlite(path, clock)];
  },
  together: async (calls) => {
    const results = [];
    for (const call of calls) results.push(await call());
    return results;
  },
});

const postgres: TwoProcesses = {
  name: "PostgreSQL",
  open: async (clock) => {
    const url = secret(await postgresDatabase());
    return [await followClock(await openPostgres(url), clock), await openPostgres(url)];
  },
  together: (calls) => Promise.all(calls.map((call) => call())),
};

twoProcessesContract(postgres);

test("on PostgreSQL a claim that is under way is passed over by a sweep, and waited for by who wants that very one", async () => {
  const stage = await openTwoProcesses(postgres);
  const { database } = stage;
  const until = stage.clock.now() + MINUTE;
  const claimed = createGate();
  const committing = createGate();
  const ours = database.write(async (queries) => {
    const result = await claim({ queries, dialect: database.dialect }, claimRequest("con_1"));
    claimed.open();
    await committing.passed();
    return result;
  });
  await claimed.passed();
  const theirs = stage.theirs.claim(claimRequest("con_1", { owner: "ins_b" }));
  const swept = await stage.theirs.claimDue(dueRequest({ owner: "ins_b" }));
  const passed = IDS.filter((id) => !swept.some((each) => each.claim.connectionId === id));
  expect(passed).toEqual(["con_1"]);
  committing.open();
  expect(await ours).toMatchObject({ kind: "claimed" });
  expect(await theirs).toEqual({ kind: "held", owner: "ins_a", until });
});
