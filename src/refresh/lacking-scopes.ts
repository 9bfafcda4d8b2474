import type { Client } from "../client/client.ts";
import type { Connection } from "../connection/connection.ts";
import { missingScopes, type ScopeHabits } from "../provider/scope-coverage.ts";

/** What decides which scopes a connection lacks. */
export interface ScopeFacts {
  client: Pick<Client, "settings">;
  connection: Pick<Connection, "requiredScopes" | "grantedScopes" | "missingScopes">;
  provider: ScopeHabits;
}

/** After an answer that grants `granted`: what is required and not in it, and what the connection had before and lost. */
export function lackingScopes(facts: ScopeFacts, granted: readonly string[]): string[] {
  const { grantedScopes, missingScopes: lost } = facts.connection;
  // An answer that names no scope at all says little of those that there were.
  const had = granted.length > 0 ? grantedScopes : [];
  return missingScopes(facts.provider, { needed: [...required(facts), ...had, ...lost], granted });
}

/** After a change of what is required: only that counts, and what was lost before is forgotten. */
export function requiredAndLacking(facts: ScopeFacts): string[] {
  return missingScopes(facts.provider, { needed: required(facts), granted: facts.connection.grantedScopes });
}

function required({ client, connection }: Pick<ScopeFacts, "client" | "connection">): string[] {
  return [...client.settings.requiredScopes, ...connection.requiredScopes];
}
