import type { SealAddress } from "../runtime/sealer.ts";

/** Where sealed values are. */
export const SEALED_TABLES = [
  "client_secrets",
  "connect_sessions",
  "dpop_keys",
  "signing_secrets",
  "spare_token_sets",
  "token_sets",
  "webhook_secrets",
] as const;

export type SealedTable = (typeof SEALED_TABLES)[number];

/** A place in the order in which a tenant's sealed rows are gone through. */
export interface SealedPlace {
  table: SealedTable;
  /** The last row that was seen; null before the first. */
  after: string | null;
}

/** The sealed values of one row that another key version than the wanted one sealed. */
export interface SealedRow {
  table: SealedTable;
  id: string;
  /** Counts the token sets of the connection; 0 where nothing is counted. */
  generation: number;
  values: readonly SealedValue[];
}

export interface SealedValue {
  column: string;
  address: SealAddress;
  sealed: Uint8Array;
}

/** All that is sealed with tenant keys. */
export interface SealedStore {
  /** The tenant's next rows of one table that are not sealed with `version`, in the order of their ids. */
  outdated(tenantId: string, version: number, place: SealedPlace, limit: number): Promise<SealedRow[]>;
  /** How many of the tenant's sealed values need each key version. */
  versions(tenantId: string): Promise<ReadonlyMap<number, number>>;
}
