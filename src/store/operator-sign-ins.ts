import { sql } from "kysely";
import type { OperatorSignInStore } from "../access/sign-in.ts";
import { DAY } from "../runtime/clock.ts";
import type { Database } from "./database.ts";
import { egNow } from "./now.ts";

/** Far longer than a browser may take to come back, whatever clock says so. */
const KEPT = DAY;

export function createOperatorSignInStore(database: Database): OperatorSignInStore {
  return {
    use: (id) =>
      database.write(async (queries) => {
        await queries
          .deleteFrom("operator_sign_ins")
          .where("used_at", "<", sql<number>`eg_now() - cast(${KEPT} as bigint)`)
          .execute();
        const used = await queries
          .insertInto("operator_sign_ins")
          .values({ id, used_at: egNow })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        return (used.numInsertedOrUpdatedRows ?? 0n) > 0n;
      }),
    refuse: (id) =>
      database.write(async (queries) => {
        await queries.updateTable("operator_sign_ins").set({ refused_at: egNow }).where("id", "=", id).execute();
      }),
  };
}
