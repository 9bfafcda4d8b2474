import type { ConnectionStatus } from "./connection.ts";

/** Connections that are due and not refreshed, without those of clients that are suspended. */
export interface Backlog {
  count: number;
  /** For how long the longest due has been; 0 without any. */
  oldestMs: number;
}

/** A connection whose consent or refresh token ends. */
export interface Ending {
  connectionId: string;
  clientId: string;
  accountLabel: string | null;
  endUser: string | null;
  /** When the user consented, or when the refresh token ends, by what was asked for. */
  at: number;
}

/** Of these clients, so many connections whose time is after `from` and not after `to`, the earliest first. */
export interface EndingQuery {
  tenantId: string;
  clientIds: readonly string[];
  from: number;
  to: number;
  limit: number;
}

/** A tenant's connections at a glance. */
export interface OverviewStore {
  statuses(tenantId: string): Promise<Readonly<Record<ConnectionStatus, number>>>;
  backlog(tenantId: string): Promise<Backlog>;
  /** By when their users consented. */
  consented(query: EndingQuery): Promise<Ending[]>;
  /** By when their refresh tokens end, where the provider has said so. */
  ending(query: EndingQuery): Promise<Ending[]>;
  /** Instances that live. */
  instances(): Promise<number>;
}
