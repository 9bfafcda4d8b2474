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

/** In memory without a file. With one, each write is in the write-ahead log before it is answered: killing the process loses nothing. */
export function openStore(file: string | undefined): Store {
  const database = new Database(file ?? ":memory:");
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = NORMAL");
  return {
    artifacts: createArtifactTable(database),
    clients: createClientTable(database),
    users: createUserTable(database),
    signingKeys: createSigningKeyTable(database),
    close: () => database.close(),
  };
}
