import { sql, type Kysely } from "kysely";
import { expect, test } from "vitest";
import { openSqlite } from "../../../src/store/sqlite/open.ts";
import { createManualClock } from "../../stage/manual-clock.ts";

const WAITING = 3000;
const ask = (index: number) => (queries: Pick<Kysely<never>, "getExecutor">) =>
  sql.raw(index % 100 === 99 ? "select from nowhere" : `select ${index}`).execute(queries);

test("many who wait for the connection get it in the order in which they came, whoever fails among them", async () => {
  const database = await openSqlite(":memory:", createManualClock());
  const served: number[] = [];
  const asked = Array.from({ length: WAITING }, async (_none, index) => {
    const work = index % 2 === 0 ? database.read(ask(index)) : database.write(ask(index));
    await work.catch(() => undefined);
    served.push(index);
  });
  await Promise.all(asked);
  expect(served.toSorted((a, b) => a - b)).toHaveLength(WAITING);
  const writers = served.filter((index) => index % 2 === 1);
  expect(writers).toEqual(writers.toSorted((a, b) => a - b));
  await database.close();
});
