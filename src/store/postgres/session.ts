import type { CompiledQuery, DatabaseConnection, QueryResult } from "kysely";
import type { PoolClient, QueryConfig } from "pg";
import { endsConnection } from "./driver-error.ts";

/** A connection to PostgreSQL while one reader or one transaction has it. */
export interface Session extends DatabaseConnection {
  /** Runs statements without parameters in one round trip; returns the server's name for the last that it did. */
  run(text: string): Promise<string>;
  /** It cannot be used again; whether what was sent last happened is not known. */
  isBroken(): boolean;
  /** Gives it back to its pool; a broken one is closed. */
  release(): void;
}

export interface SessionOptions {
  /** How long to wait for an answer, on this side: a network that went silent ends no statement by itself. */
  answerWithinMs: number;
  /** Called when it breaks, once. */
  onBroken: () => void;
}

export function createSession(client: PoolClient, { answerWithinMs, onBroken }: SessionOptions): Session {
  let broken = false;

  async function send(text: string, values: unknown[]) {
    const query: QueryConfig & { query_timeout: number } = { text, values, query_timeout: answerWithinMs };
    try {
      return await client.query(query);
    } catch (error) {
      if (!broken && endsConnection(error)) {
        broken = true;
        onBroken();
      }
      throw error;
    }
  }

  return {
    executeQuery: async <R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> => {
      const { command, rowCount, rows } = await send(sql, parameters.map(storable));
      return { rows, ...(CHANGES.has(command) && { numAffectedRows: BigInt(rowCount ?? 0) }) };
    },
    streamQuery: () => {
      throw new Error("Nothing here reads as a stream.");
    },
    run: async (text) => {
      // More than one statement gives more than one result, which the types of pg do not say.
      const results = [await send(text, [])].flat();
      return results.at(-1)?.command ?? "";
    },
    isBroken: () => broken,
    release: () => client.release(broken),
  };
}

const CHANGES = new Set(["INSERT", "UPDATE", "DELETE", "MERGE"]);

/** PostgreSQL's text holds every character but U+0000, which a provider's answer may hold; refusing it would cost a token. */
function storable(value: unknown): unknown {
  return typeof value === "string" ? value.replaceAll("\0", "\u{FFFD}") : value;
}
