import type { Kysely } from "kysely";
import { ServiceError } from "../runtime/service-error.ts";
import type { Schema } from "./schema.ts";

export type Queries = Kysely<Schema>;

/** A database behind which SQLite and PostgreSQL look alike; what differs is in the folders of those names. */
export interface Database {
  /** Reads what one statement sees. */
  read<T>(work: (queries: Queries) => Promise<T>): Promise<T>;
  /** One transaction: all of it is on disk when this resolves, or none of it happened. */
  write<T>(work: (queries: Queries) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Turns a driver's error into `store_unavailable`, with a sentence that says what to look at. */
export function unavailable(sentence: string, cause: unknown): ServiceError {
  const error = new ServiceError("store_unavailable", sentence, { retryAfterMs: 1000 });
  error.cause = cause;
  return error;
}
