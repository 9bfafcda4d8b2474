import type { Selectable } from "kysely";
import { scopesOf, type Failure } from "../incident/group.ts";
import { diagnosisColumn } from "./connection-row.ts";
import type { Queries } from "./database.ts";
import type { Schema } from "./schema.ts";

/** A connection of which something was heard, as it is now. */
export interface Heard {
  connectionId: string;
  condition: "well" | "gone" | "held" | "ended" | "troubled";
  generation: number;
  /** A person has consented anew. */
  byConsent: boolean;
  /** Null while it is well. */
  failure: Failure | null;
}

export interface Hearsay {
  signals: readonly Signal[];
  heard: readonly Heard[];
  /** There is more than was taken. */
  hasMore: boolean;
}

type Signal = Selectable<Schema["incident_signals"]>;

/** Signals that are looked at at once. */
const MOST_SIGNALS = 1000;

/** What was heard first, by connection. What becomes of the signals is for whoever asked. */
export async function hear(queries: Queries): Promise<Hearsay> {
  const signals = await queries
    .selectFrom("incident_signals")
    .selectAll()
    .orderBy("number")
    .limit(MOST_SIGNALS)
    .execute();
  const byConnection = new Map<string, Signal[]>();
  for (const signal of signals) {
    byConnection.set(signal.connection_id, [...(byConnection.get(signal.connection_id) ?? []), signal]);
  }
  const heard = await statesOf(queries, byConnection);
  return { signals, heard, hasMore: signals.length === MOST_SIGNALS };
}

async function statesOf(queries: Queries, signals: ReadonlyMap<string, Signal[]>): Promise<Heard[]> {
  if (signals.size === 0) return [];
  const rows = await queries
    .selectFrom("connections")
    .innerJoin("clients", "clients.id", "connections.client_id")
    .innerJoin("refresh_leases as lease", "lease.connection_id", "connections.id")
    .innerJoin("token_sets as tokens", "tokens.connection_id", "connections.id")
    .select(["connections.id", "connections.tenant_id", "connections.client_id", "status", "diagnosis"])
    .select(["clients.provider_id", "lease.rejected_at", "tokens.generation"])
    .where("connections.id", "in", [...signals.keys()])
    .orderBy("connections.id")
    .execute();
  return rows.map((row) => {
    const heard = signals.get(row.id) ?? [];
    const condition = conditionOf(row);
    return {
      connectionId: row.id,
      condition,
      generation: row.generation,
      byConsent: heard.some(({ kind }) => kind === "reauthorized"),
      failure: failureOf(row, condition, Math.max(...heard.map(({ at }) => at))),
    };
  });
}

interface State {
  id: string;
  tenant_id: string;
  client_id: string;
  provider_id: string;
  status: string;
  diagnosis: string | null;
  rejected_at: number | null;
  generation: number;
}

function conditionOf({ status, rejected_at }: State): Heard["condition"] {
  if (status === "active") return "well";
  if (status === "disconnected") return "gone";
  if (status === "reauthorization_required") return "ended";
  return rejected_at === null ? "troubled" : "held";
}

/** Null where it is well, or where what is wrong with it is never several connections' at once. */
function failureOf(row: State, condition: Heard["condition"], at: number): Failure | null {
  if (condition === "well" || condition === "gone" || row.diagnosis === null) return null;
  const { cause, confidence, evidence } = diagnosisColumn.read(row.diagnosis);
  const { code } = evidence;
  const failure = {
    connectionId: row.id,
    tenantId: row.tenant_id,
    clientId: row.client_id,
    providerId: row.provider_id,
    condition,
    generation: row.generation,
    cause,
    confidence,
    code: typeof code === "string" ? code : null,
    at,
  };
  return scopesOf(failure).length === 0 ? null : failure;
}

/** What was looked at is not looked at again; a failure that stands alone is, as long as others may join it. */
export async function forget(queries: Queries, { signals }: Hearsay, loose: readonly Failure[]) {
  const alone = new Set(loose.map(({ connectionId }) => connectionId));
  const done = signals.filter(({ connection_id: id }) => !alone.has(id)).map(({ number }) => number);
  if (done.length > 0) await queries.deleteFrom("incident_signals").where("number", "in", done).execute();
}
