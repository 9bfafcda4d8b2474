import type { StartFailure } from "../service/start-error.ts";

/** What `evergrant` exits with; docs/cli.md lists them. */
export const EXIT = {
  ok: 0,
  /** Anything without a code of its own. */
  failed: 1,
  usage: 2,
  settings: 3,
  key: 4,
  database: 5,
  address: 6,
  /** The service cannot be reached, or asks to try again later. */
  unavailable: 7,
  /** The API key is missing, wrong, or lacks a scope. */
  unauthorized: 8,
  not_found: 9,
  /** A person has to reconnect the account. */
  reauthorization_required: 10,
} as const satisfies Record<StartFailure, number> & Record<string, number>;
