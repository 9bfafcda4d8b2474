import { sql } from "kysely";
import type { Clock } from "../../../src/runtime/clock.ts";
import type { Database } from "../../../src/store/database.ts";

/** Makes the database's time that of `clock`: what `eg_now()` says is brought up to date before each read and write. */
export async function followClock(database: Database, clock: Clock): Promise<Database> {
  let told = Math.floor(clock.now());
  let telling = database.write(async (queries) => {
    await sql`create table if not exists test_clock (now bigint)`.execute(queries);
    await sql`delete from test_clock`.execute(queries);
    await sql`insert into test_clock values (${told})`.execute(queries);
    await sql`create or replace function eg_now() returns bigint language sql stable as
      'select now from test_clock'`.execute(queries);
  });

  function tell(): Promise<void> {
    const now = Math.floor(clock.now());
    if (now === told) return telling;
    told = now;
    telling = telling.then(() =>
      database.write(async (queries) => void (await sql`update test_clock set now = ${now}`.execute(queries))),
    );
    return telling;
  }
  await telling;
  return {
    ...database,
    read: (work) => tell().then(() => database.read(work)),
    write: (work) => tell().then(() => database.write(work)),
  };
}
