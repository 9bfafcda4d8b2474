import type { ClientSecret } from "../api/client-shapes.ts";
import { secretsQuery } from "../api/client-secrets.ts";
import { clientsChanged } from "../api/clients.ts";
import { refreshConnection } from "../api/connection.ts";
import { workingConnections, type Connection } from "../api/connections.ts";
import { ApiError } from "../api/problem.ts";
import { queryClient } from "../api/query-client.ts";
import { PROOFS } from "./rotation-step.ts";

export type CanaryOutcome = "trying" | "taken" | "refused" | "not_tried" | "failed";

export interface Canary {
  connection: Connection;
  outcome: CanaryOutcome;
  sentence: string;
}

/** Refreshes working connections until the staged secret is proven or refused, and shows after each what came of it. */
export async function sendCanaries(
  clientId: string,
  secretId: string,
  show: (canaries: readonly Canary[]) => void,
): Promise<{ tried: number }> {
  const connections = await workingConnections(clientId, PROOFS);
  let canaries: readonly Canary[] = [];
  let staged = await stagedOne(clientId, secretId);
  for (let round = 0; connections.length > 0 && round < PROOFS && awaitsProof(staged); round++) {
    const connection = connections[round % connections.length];
    if (!connection) break;
    const before = canaries;
    show([...before, { connection, outcome: "trying", sentence: "is being refreshed with it." }]);
    const failure = await refreshFailure(connection.id);
    const after = await stagedOne(clientId, secretId);
    canaries = [...before, { connection, ...verdict(staged, after, failure) }];
    show(canaries);
    staged = after;
  }
  await clientsChanged();
  return { tried: canaries.length };
}

function awaitsProof(secret: ClientSecret | undefined): boolean {
  return secret?.state === "staged" && secret.refusal === null && secret.proven_count < PROOFS;
}

async function stagedOne(clientId: string, secretId: string): Promise<ClientSecret | undefined> {
  const secrets = await queryClient.fetchQuery({ ...secretsQuery(clientId), staleTime: 0 });
  return secrets.find(({ id }) => id === secretId);
}

/** Null where the refresh worked, with whichever secret. */
async function refreshFailure(connectionId: string): Promise<ApiError | null> {
  try {
    await refreshConnection(connectionId);
    return null;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

function verdict(
  before: ClientSecret | undefined,
  after: ClientSecret | undefined,
  failure: ApiError | null,
): Pick<Canary, "outcome" | "sentence"> {
  if (after?.refusal) {
    return { outcome: "refused", sentence: "the provider refused it; the refresh went on with the old one." };
  }
  if (after && before && after.proven_count > before.proven_count) {
    return { outcome: "taken", sentence: "the provider took it." };
  }
  if (failure) return { outcome: "failed", sentence: failure.message };
  return { outcome: "not_tried", sentence: "was refreshed with the old one; the new one was not tried." };
}
