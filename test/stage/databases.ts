import { join } from "node:path";
import type { Clock } from "../../src/runtime/clock.ts";
import type { Database } from "../../src/store/database.ts";
import { openSqlite } from "../../src/store/sqlite/open.ts";
import { reusedDatabase } from "./postgres/reused-database.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A kind of database that every store contract is held to. `open` gives an empty one whose time is the clock's. */
export interface DatabaseKind {
  name: string;
  open(clock: Clock): Promise<Database>;
}

export const DATABASES: readonly DatabaseKind[] = [
  { name: "SQLite in memory", open: (clock) => openSqlite(":memory:", clock) },
  { name: "SQLite in a file", open: (clock) => openSqlite(join(temporaryFolder(), "evergrant.db"), clock) },
  { name: "PostgreSQL", open: reusedDatabase },
];
