import { CommandFailure } from "../command-failure.ts";
import { accountRow, AUTHJS, BETTER_AUTH, type AccountTable } from "./account-table.ts";
import { airbyteRows } from "./airbyte.ts";
import { RowFault, type FaultyRow, type ImportRow, type ImportSource } from "./import-row.ts";
import { n8nRow } from "./n8n.ts";
import { nangoApi } from "./nango-api.ts";
import { NANGO_TABLES, nangoRow } from "./nango.ts";
import { ownRow } from "./own-format.ts";
import type { InTime } from "./patience.ts";
import { readRecords, type Read } from "./read-records.ts";
import { isDatabase, readTable } from "./read-table.ts";
import type { SourceRecord } from "./source-record.ts";

export interface SourceRequest {
  /** A file, a folder, a database or an address. */
  from: string;
  /** The table in a database, where it is not called as usual. */
  table: string | undefined;
  environment: NodeJS.ProcessEnv;
  inTime: InTime;
}

interface SourceKind {
  summary: string;
  /** What it reads, for people. */
  reads: string;
  example: string;
  open(this: void, request: SourceRequest): ImportSource;
}

export const SOURCE_NAMES = ["nango", "n8n", "authjs", "better-auth", "airbyte", "file"] as const;

export type SourceName = (typeof SOURCE_NAMES)[number];

/** The systems that connections come from. */
export const SOURCES: Readonly<Record<SourceName, SourceKind>> = {
  nango: {
    summary: "from Nango",
    reads: `<from> is the address of a Nango instance, which is asked with NANGO_SECRET_KEY; or its
table _nango_connections, in its database or in a file. NANGO_ENCRYPTION_KEY opens
what is encrypted there.`,
    example: "evergrant import nango postgres://nango@db.internal/nango --client google-drive=cli_01jd...",
    open: openNango,
  },
  n8n: {
    summary: "from n8n",
    reads: `<from> is what n8n export:credentials --all has written, or a folder of that.
N8N_ENCRYPTION_KEY opens what was exported without --decrypted.`,
    example: "evergrant import n8n credentials.json --client googleDriveOAuth2Api=cli_01jd...",
    open: ({ from, environment }) => {
      const key = environment["N8N_ENCRYPTION_KEY"] ?? "";
      return sourceOf("n8n", readRecords(from), (record) => [n8nRow(record, key === "" ? null : key)]);
    },
  },
  authjs: {
    summary: "from Auth.js",
    reads: "<from> is the table accounts of Auth.js (NextAuth.js), in its database or in a file.",
    example: "evergrant import authjs postgres://app@db.internal/app --client google=cli_01jd...",
    open: (request) => openAccounts("authjs", request, AUTHJS),
  },
  "better-auth": {
    summary: "from better-auth",
    reads: "<from> is the table account of better-auth, in its database or in a file.",
    example: "evergrant import better-auth sqlite:./auth.db --client google=cli_01jd...",
    open: (request) => openAccounts("better-auth", request, BETTER_AUTH),
  },
  airbyte: {
    summary: "from Airbyte",
    reads: `<from> is a file with the configurations of Airbyte's sources, with their secrets,
which Airbyte's API does not show.`,
    example: "evergrant import airbyte sources.json --client google-ads=cli_01jd...",
    open: ({ from }) => sourceOf("airbyte", readRecords(from, ["data", "sources"]), airbyteRows),
  },
  file: {
    summary: "from a file of your own",
    reads: `<from> is a file with our own columns, which docs/moving.md lists: CSV, JSON, or an
object on each line, as evergrant export open writes it.`,
    example: "evergrant import file connections.csv --client crm=cli_01jd...",
    open: ({ from }) => sourceOf("file", readRecords(from), (record, number) => [ownRow(record, number)]),
  },
};

function openNango({ from, table, environment, inTime }: SourceRequest): ImportSource {
  if (/^https?:\/\//.test(from)) return nangoApi(from, environment["NANGO_SECRET_KEY"], inTime);
  const key = nangoKey(environment["NANGO_ENCRYPTION_KEY"] ?? "");
  const records = recordsOf({ from, environment }, table === undefined ? NANGO_TABLES : [table]);
  return sourceOf("nango", records, (record) => [nangoRow(record, key)].filter((row) => row !== null));
}

const NANGO_KEY_BYTES = 32;

function nangoKey(text: string): Uint8Array | null {
  if (text === "") return null;
  const key = Buffer.from(text, "base64");
  if (key.length === NANGO_KEY_BYTES) return key;
  throw new CommandFailure({
    exit: "usage",
    code: "usage",
    detail: "NANGO_ENCRYPTION_KEY is not a key of 256 bits in base64.",
    next: "Copy it from the environment of the Nango instance.",
  });
}

function openAccounts(name: SourceName, request: SourceRequest, columns: AccountTable): ImportSource {
  const records = recordsOf(request, request.table === undefined ? columns.tables : [request.table]);
  return sourceOf(name, records, (record) => [accountRow(record, columns)]);
}

type Place = Pick<SourceRequest, "from" | "environment">;

function recordsOf({ from, environment }: Place, tables: readonly string[]): Read {
  return isDatabase(from) ? readTable(from, tables, environment) : readRecords(from);
}

type RowsOf = (record: SourceRecord, number: number) => readonly (ImportRow | FaultyRow)[];

/** Nothing but a file or a database is read, so a dry run may read everything. */
function sourceOf(name: SourceName, records: Read, rowsOf: RowsOf): ImportSource {
  return {
    name,
    readingMayRefresh: false,
    rows: async function* () {
      let number = 0;
      for await (const record of records) {
        number++;
        if (record) yield* rowsOf(record, number);
        else
          yield {
            sourceId: `row ${number}`,
            fault: new RowFault("malformed", "It is not a JSON object of usual size."),
          };
      }
    },
  };
}
