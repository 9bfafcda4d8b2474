import type SQLite from "better-sqlite3";
import { z } from "zod";
import { plaintextOf } from "../transparent-sealer.ts";

/** What the database holds of one connection, read past the stores. */
export interface Rows {
  tokens(connectionId: string): StoredTokens;
  lease(connectionId: string): StoredLease;
  /** Was this token set tried once more after it had ended the connection? */
  wasReprieved(connectionId: string, generation: number): boolean;
  /** What a connection that has ended still waits for in an incident; null when for nothing. */
  inquiry(connectionId: string): string | null;
  /** Connections of which people would be told to act, although that is not decided or was taken back. */
  toldTooSoon(): string[];
  /** Connections whose owner is within its lease, and gave a sign of life after `heardSince`. */
  firmlyHeld(now: number, heardSince: number): Map<string, string>;
}

export interface StoredTokens {
  status: string;
  generation: number;
  /** The refresh token; null when there is none. */
  newest: string | null;
  spares: string[];
}

export interface StoredLease {
  owner: string | null;
  epoch: number;
  backoffUntil: number;
  failures: number;
  unanswered: number;
}

const tokenRow = z.object({ status: z.string(), generation: z.number(), newest: z.instanceof(Buffer).nullable() });
const leaseRow = z.object({
  owner: z.string().nullable(),
  epoch: z.number(),
  backoffUntil: z.number(),
  failures: z.number(),
  unanswered: z.number(),
});

export function createRows(driver: SQLite.Database): Rows {
  const tokens = driver.prepare(`select status, generation, refresh_token as newest
    from token_sets join connections on connections.id = connection_id where connection_id = ?`);
  const spares = driver.prepare("select refresh_token from spare_token_sets where connection_id = ?").pluck();
  const lease = driver.prepare(`select owner, epoch, backoff_until as backoffUntil, failures, unanswered
    from refresh_leases where connection_id = ?`);
  const held = driver.prepare(`select connection_id as id, owner from refresh_leases
    join instances on instances.id = owner where lease_until > ? and heartbeat_at > ?`);
  const reprieved = driver
    .prepare("select count(*) from history where connection_id = ? and kind = 'reprieved' and generation = ?")
    .pluck();
  const inquiry = driver
    .prepare(`select verdict from incident_members join incidents on incidents.id = incident_id
    where connection_id = ? and resolved_at is null and recovered_at is null and doubted = 1 and condition = 'ended'
    and (verdict = 'undecided' or (verdict = 'bad_hour' and since <= decided_at and reprieved_at is null))`)
    .pluck();
  const tooSoon = driver
    .prepare(`select outbox.connection_id from outbox join incidents on incidents.id = outbox.incident_id
    join incident_members as member on member.incident_id = incidents.id and member.connection_id = outbox.connection_id
    where type = 'connection.reauthorization_required' and passed_on_at is null and held_until <= eg_now()
    and resolved_at is null and doubted = 1 and condition = 'ended'
    and (verdict = 'undecided' or (verdict = 'bad_hour' and since <= decided_at and outbox.at <= decided_at))`)
    .pluck();
  return {
    wasReprieved: (connectionId, generation) => Number(reprieved.get(connectionId, generation)) > 0,
    inquiry: (connectionId) =>
      z
        .string()
        .nullable()
        .parse(inquiry.get(connectionId) ?? null),
    toldTooSoon: () => z.array(z.string()).parse(tooSoon.all()),
    firmlyHeld: (now, heardSince) => {
      const rows = z.array(z.object({ id: z.string(), owner: z.string() })).parse(held.all(now, heardSince));
      return new Map(rows.map(({ id, owner }) => [id, owner]));
    },
    tokens: (connectionId) => {
      const { newest, ...row } = tokenRow.parse(tokens.get(connectionId));
      const texts = z.array(z.instanceof(Buffer)).parse(spares.all(connectionId));
      return { ...row, newest: newest && plaintextOf(newest), spares: texts.map(plaintextOf) };
    },
    lease: (connectionId) => leaseRow.parse(lease.get(connectionId)),
  };
}
