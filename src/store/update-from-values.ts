import { sql, type RawBuilder } from "kysely";
import type { Transaction } from "./transaction.ts";

type Value = string | number | Uint8Array | null;
type Row = Readonly<Record<string, Value>>;

/**
 * Updates many rows by one statement: each row by its own values, and all of them by `fixed` expressions. Every row has the same
 * columns, `key` among them. Both databases call the columns of a list of values column1, column2 and so on.
 */
export async function updateFromValues<Key extends string>(
  { queries, dialect }: Transaction,
  table: string,
  key: Key,
  rows: readonly (Row & Record<Key, string>)[],
  fixed: Readonly<Record<string, RawBuilder<unknown>>> = {},
): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const columns = Object.keys(first);
  const types = columns.map((column) => typeOf(column, dialect.columns));
  const lists = rows.map((row) => {
    const values = columns.map((column, index) => sql`cast(${row[column] ?? null} as ${types[index]})`);
    return sql`(${sql.join(values)})`;
  });
  const own = columns
    .filter((column) => column !== key)
    .map((column) => sql`${sql.ref(column)} = given.${sql.raw(`column${columns.indexOf(column) + 1}`)}`);
  const shared = Object.entries(fixed).map(([column, value]) => sql`${sql.ref(column)} = ${value}`);
  const keyColumn = sql.raw(`column${columns.indexOf(key) + 1}`);
  // Not the bare column: where statistics make that look cheaper, SQLite would index the list by it, and go through all of the table.
  await sql`update ${sql.table(table)} set ${sql.join([...own, ...shared])}
    from (values ${sql.join(lists)}) as given
    where ${sql.ref(`${table}.${key}`)} = coalesce(given.${keyColumn}, '')`.execute(queries);
}

const BLOBS = new Set(["access_token", "refresh_token"]);
const NUMBERS = new Set([
  "generation",
  "obtained_at",
  "expires_at",
  "refresh_expires_at",
  "rotated_at",
  "due_at",
  "lease_until",
  "attempt_generation",
  "attempt_at",
  "unanswered",
  "answer_until",
  "status_since",
]);

/** A list of values has no types of its own in PostgreSQL, and in SQLite a cast to another type would change the value. */
function typeOf(column: string, { blob }: Transaction["dialect"]["columns"]): RawBuilder<unknown> {
  if (BLOBS.has(column)) return sql.raw(blob);
  return NUMBERS.has(column) ? sql`bigint` : sql`text`;
}
