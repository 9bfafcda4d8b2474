import SQLite from "better-sqlite3";
import { Client } from "pg";
import { isUrl } from "../../runtime/is-url.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Read } from "./read-records.ts";
import { isRecord } from "./source-record.ts";

/** `sqlite:` or `postgres:`: a database, where else a file would be. */
export function isDatabase(from: string): boolean {
  return /^(sqlite:|postgres(ql)?:)/.test(from);
}

/** The rows of the first of these tables that the database has; it is opened to read only. Throws `CommandFailure`. */
export function readTable(from: string, tables: readonly string[], environment: NodeJS.ProcessEnv): Read {
  if (from.startsWith("sqlite:")) return readSqlite(from.slice("sqlite:".length), tables);
  return readPostgres({ from, password: environment["PGPASSWORD"] }, tables);
}

async function* readSqlite(path: string, tables: readonly string[]): Read {
  const database = openFile(path);
  try {
    const named = database.prepare("select name from sqlite_master where type = 'table' and name = ?").pluck();
    const table = tables.find((each) => named.get(each) !== undefined);
    if (table === undefined) throw noTable(tables);
    for (const row of database.prepare(`select * from "${table}"`).iterate()) yield isRecord(row) ? row : null;
  } finally {
    database.close();
  }
}

function openFile(path: string): SQLite.Database {
  try {
    return new SQLite(path, { readonly: true, fileMustExist: true });
  } catch {
    throw unusable("The SQLite file cannot be opened.");
  }
}

const AT_ONCE = 500;
const DEADLINE = 30_000;

interface Access {
  from: string;
  password: string | undefined;
}

async function* readPostgres({ from, password }: Access, tables: readonly string[]): Read {
  const client = new Client({
    connectionString: addressOf(from, password),
    connectionTimeoutMillis: DEADLINE,
    query_timeout: DEADLINE,
    application_name: "evergrant import",
    // As the text that the server sends: times keep their zone, or that they have none.
    types: { getTypeParser: () => (text: string) => text },
  });
  client.on("error", () => undefined);
  try {
    await client.connect().catch(unreachable);
    await client.query("begin isolation level repeatable read read only");
    const table = await firstTable(client, tables);
    await client.query(`declare rows cursor for select * from ${table}`);
    for (;;) {
      const { rows } = await client.query<Record<string, unknown>>(`fetch ${AT_ONCE} from rows`);
      yield* rows;
      if (rows.length < AT_ONCE) return;
    }
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function firstTable(client: Client, tables: readonly string[]): Promise<string> {
  for (const table of tables) {
    const quoted = table
      .split(".")
      .map((part) => client.escapeIdentifier(part))
      .join(".");
    const { rows } = await client.query<{ found: string | null }>("select to_regclass($1)::text as found", [quoted]);
    if (typeof rows[0]?.found === "string") return quoted;
  }
  throw noTable(tables);
}

/** Other users of a machine can see the options of a command. */
function addressOf(from: string, password: string | undefined): string {
  if (!isUrl(from)) throw unusable("The address of the database is not usable.");
  const address = new URL(from);
  if (address.password !== "" || address.searchParams.has("password")) {
    throw unusable("The address of the database holds a password, which other users of this machine can see.");
  }
  if (password !== undefined) address.password = encodeURIComponent(password);
  return address.href;
}

function unreachable(error: unknown): never {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown";
  throw unusable(`The database does not let this in (${code}).`);
}

function noTable(tables: readonly string[]): CommandFailure {
  return unusable(`The database has no table ${tables.join(", ")}.`);
}

function unusable(detail: string): CommandFailure {
  return new CommandFailure({
    exit: "usage",
    code: "usage",
    detail,
    next: "Name it as sqlite:<path> or postgres://user@host/database, with the password in PGPASSWORD, and its table with --table.",
  });
}
