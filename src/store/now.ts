import { sql } from "kysely";

/** Now by the database's one clock, so that several processes agree. */
export const egNow = sql<number>`eg_now()`;
