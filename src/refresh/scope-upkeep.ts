import type { Client, ScopesChange } from "../client/client.ts";
import { SECOND } from "../runtime/clock.ts";
import { createRounds, type Rounds, type RoundsDeps } from "../runtime/rounds.ts";
import type { RefreshPorts } from "./ports.ts";
import { compare } from "./require-scopes.ts";

export interface ScopeUpkeepDeps extends RoundsDeps, Pick<RefreshPorts, "connections" | "clients" | "catalogue"> {}

const INTERVAL = 5 * SECOND;
/** Clients in one round, connections at once, and of one client in one round. */
const MOST_CLIENTS = 10;
const BATCH = 100;
const MOST_BATCHES = 10;

/**
 * Compares connections anew whose client requires other scopes than before, some in each round. Each that begins or ceases to lack
 * something says so once, however many instances look, and names the change that it is of.
 */
export function createScopeUpkeep(deps: ScopeUpkeepDeps): Rounds {
  return createRounds(deps, INTERVAL, async () => {
    for (const change of await deps.clients.scopesChanges(MOST_CLIENTS)) await goOn(deps, change);
  });
}

async function goOn(deps: ScopeUpkeepDeps, started: ScopesChange): Promise<void> {
  const client = await deps.clients.find(started.clientId);
  if (!client) return;
  let { lookedTo } = started;
  for (let batch = 0; batch < MOST_BATCHES; batch++) {
    lookedTo = await compareNext(deps, client, { ...started, lookedTo });
    await deps.clients.noteScopesChange({ ...started, lookedTo });
    if (lookedTo === null) return;
  }
}

/** Gives the last connection that was looked at; null when there are no more. */
async function compareNext(
  deps: ScopeUpkeepDeps,
  client: Client,
  { change, lookedTo }: ScopesChange,
): Promise<string | null> {
  const { tenantId, id: clientId } = client;
  const page = { tenantId, clientId, limit: BATCH, after: lookedTo, status: null };
  const found = await deps.connections.list(page);
  for (const { id } of found) await compareOne(deps, client, { id, change });
  return found.length === BATCH ? (found.at(-1)?.id ?? null) : null;
}

/** A refresh that comes between has compared for itself, perhaps with what was required before. */
async function compareOne(
  deps: ScopeUpkeepDeps,
  client: Client,
  { id, change }: { id: string; change: string },
): Promise<void> {
  for (;;) {
    const connection = (await deps.connections.snapshot(id))?.connection;
    if (!connection || connection.status === "disconnected") return;
    if ((await compare(deps, client, connection, { detail: { change } })) !== "superseded") return;
  }
}
