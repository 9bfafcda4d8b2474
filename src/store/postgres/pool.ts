import { Pool as PgPool, types, type PoolClient } from "pg";
import type { Secret } from "../../runtime/secret.ts";
import { connectionString } from "./address.ts";
import { createSession, type Session } from "./session.ts";

export interface PoolOptions {
  /** Connections of this process at a time. */
  maxConnections: number;
  connectWithinMs: number;
  answerWithinMs: number;
}

export interface Pool {
  /** `answerWithinMs` instead of the pool's, for what takes long. */
  connect(answerWithinMs?: number): Promise<Session>;
  /** Resolves when everybody has given back what they had. */
  end(): Promise<void>;
}

/** Idle connections are closed after this; the heartbeat keeps one open. */
const IDLE_MS = 60_000;
/** After a failover behind a name or a proxy, connections find their way to the new primary in this time at the latest. */
const LIFETIME_SECONDS = 30 * 60;

/**
 * Connections to PostgreSQL. Nothing is said at their start, and nothing kept in them, that a proxy which pools transactions would
 * refuse or mix up. When one breaks, the others of its time have probably met the same end, so none of them is lent again.
 */
export function createPool(url: Secret<string>, options: PoolOptions): Pool {
  const pool = openPool(url, options);
  const madeIn = new WeakMap<PoolClient, number>();
  let era = 0;
  let ended: Promise<void> | null = null;
  pool.on("connect", (client) => madeIn.set(client, era));

  async function lend(): Promise<PoolClient> {
    for (;;) {
      const client = await pool.connect();
      if (madeIn.get(client) === era) return client;
      client.release(true);
    }
  }

  return {
    connect: async (answerWithinMs = options.answerWithinMs) => {
      const client = await lend();
      const onBroken = () => {
        if (madeIn.get(client) === era) era++;
      };
      return createSession(client, { answerWithinMs, onBroken });
    },
    end: () => (ended ??= pool.end()),
  };
}

function openPool(url: Secret<string>, { maxConnections, connectWithinMs }: PoolOptions): PgPool {
  const pool = new PgPool({
    connectionString: connectionString(url),
    max: maxConnections,
    connectionTimeoutMillis: connectWithinMs,
    idleTimeoutMillis: IDLE_MS,
    maxLifetimeSeconds: LIFETIME_SECONDS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    fallback_application_name: "evergrant",
    types: { getTypeParser },
  });
  // A connection that fails while nobody waits for it has no one to tell; it is closed, and the next one is opened when needed.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

/** Times, counts and sums are numbers here; none comes near 2^53. */
const NUMBERS: ReadonlySet<number> = new Set([types.builtins.INT8, types.builtins.NUMERIC]);

function getTypeParser(oid: number, format?: "text" | "binary") {
  return NUMBERS.has(oid) ? Number : types.getTypeParser(oid, format);
}
