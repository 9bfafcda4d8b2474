import type { Claim } from "../../../src/connection/claim.ts";
import { SECOND } from "../../../src/runtime/clock.ts";
import type { Family } from "../authorization-server.ts";
import type { Exchange } from "../network.ts";
import type { Process } from "../instance.ts";
import type { ProviderSite } from "../world.ts";
import type { StoredTokens } from "./rows.ts";

/** Everything the witness has seen of one connection. */
export interface Subject {
  id: string;
  clientId: string;
  site: ProviderSite;
  /** As the database had it after the last write. */
  stored: StoredTokens;
  /** Granted, the latest last. */
  claims: ClaimNote[];
  /** What the consent led to that the stored tokens come from. */
  family: Family;
  exchanges: Exchange[];
  /** Who has had a refresh token in memory. */
  delivered: Map<string, Set<Process>>;
  /** Refresh tokens that have been in a journal or in the store. */
  secured: Set<string>;
  /** Those of them that must not go missing. */
  watched: Set<string>;
  /** Those that only ever were in the store, and that a failover took out of it. */
  rolledBack: Set<string>;
  /** Access tokens with the refresh token that came along; null when none did. */
  issued: Map<string, string | null>;
  /** Consents whose end is nobody's fault here. */
  excused: Set<Family>;
  /** Since when the status is one that takes no refresh; null while it takes them. */
  endedAt: number | null;
  /** Committed generations and when; for readers who were handed an older one. */
  commits: { generation: number; at: number }[];
  /** Token requests for the newest generation. */
  sends: { generation: number; firstAt: number; count: number };
}

/** A claim as it was granted, with times by the run's clock and by the database's. */
export interface ClaimNote extends Claim {
  process: Process;
  at: number;
  databaseAt: number;
  /** When its lease began, which asserting it anew puts off. */
  leaseFrom: number;
}

export function claimBehind(subject: Subject, exchange: Exchange): ClaimNote | undefined {
  return subject.claims.findLast(({ process, at }) => process === exchange.by && at <= exchange.sentAt);
}

/** A moment for an instance that has just come to itself. */
const MOMENT = 15 * SECOND;

/** Was a process dead, paused or cut off at that time, or shortly before? */
export function wasUnwell({ alive, unwellUntil }: Process, at: number): boolean {
  return !alive || unwellUntil > at - MOMENT;
}
