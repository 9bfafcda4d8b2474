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
  /** The service or a provider cannot be reached, or asks to try again later. */
  unavailable: 7,
  /** The API key is missing, wrong, or lacks a scope. */
  unauthorized: 8,
  not_found: 9,
  /** A person has to reconnect the account. */
  reauthorization_required: 10,
} as const satisfies Record<StartFailure, number> & Record<string, number>;

export type ExitName = keyof typeof EXIT;

/** The same for people: the table in docs/cli.md and in `evergrant --help`. */
export const EXIT_MEANINGS: Readonly<Record<ExitName, string>> = {
  ok: "It worked.",
  failed: "Anything without a code of its own.",
  usage: "The command line or a value in it is not valid.",
  settings: "A setting is missing, malformed or unknown.",
  key: "The root key is missing, or not the one that sealed the database.",
  database: "The database cannot be opened, or its disk is full.",
  address: "The service cannot listen where it should.",
  unavailable: "The service or a provider cannot be reached, or asks to try again later.",
  unauthorized: "The API key is missing, wrong, or lacks a scope.",
  not_found: "There is nothing with this id.",
  reauthorization_required: "A person has to reconnect the account.",
};
