import Database from "better-sqlite3";
import { createArtifactTable, type ArtifactTable } from "./artifact-table.ts";
import { createClientTable, type ClientTable } from "./client-table.ts";
import { createSigningKeyTable, type SigningKeyTable } from "./signing-key-table.ts";
import { createUserTable, type UserTable } from "./user-table.ts";

/** Everything the authorization server must not forget. */
export interface Store {
  artifacts: ArtifactTable;
  clients: ClientTable;
  users: UserTable;
  signingKeys: SigningKeyTable;
  close(): void;
}

/**
 * Every store of this process, closed ones too: from Node 24.19 on V8 ends the process when it frees an object of
 * better-sqlite3 12, the last version for Node 20, while no JavaScript runs.
 */
const kept: object[] = [];

/** In memory without a file. With one, each write is in the write-ahead log before it is answered: killing the process loses nothing. */
export function openStore(file: string | undefined): Store {
  const database = new Database(file ?? ":memory:");
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  const store = {
    artifacts: createArtifactTable(database),
    clients: createClientTable(database),
    users: createUserTable(database),
    signingKeys: createSigningKeyTable(database),
    close: () => void database.close(),
  };
  kept.push(database, store);
  return store;
}
