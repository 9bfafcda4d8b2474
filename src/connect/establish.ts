import { requireRoom } from "../access/room.ts";
import { dpopProver } from "../client/dpop-prover.ts";
import { providerOf } from "../client/provider-of.ts";
import { sealTokenSet } from "../connection/token-record.ts";
import { tokenSetFrom } from "../oauth/token-set.ts";
import { untilStored } from "../refresh/until-stored.ts";
import { createId } from "../runtime/id.ts";
import type { Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { consentOf, firstDueAt, problemOf, STORE_PATIENCE, wantOf, type Arrival, type Established } from "./arrival.ts";
import { exchangeCode } from "./code-exchange.ts";
import type { ConnectSession } from "./connect-session.ts";
import { failSession } from "./fail.ts";
import { heal } from "./heal.ts";
import { identify } from "./identity.ts";
import type { ConnectPorts } from "./ports.ts";

/** Exchanges the code and makes or heals the connection. The session then says what came of it; only a broken store throws. */
export async function establish(
  ports: ConnectPorts,
  session: ConnectSession,
  from: "started" | "authorized",
  code: Secret<string>,
): Promise<void> {
  if (!(await ports.sessions.advance(session.id, from, "exchanging"))) return;
  try {
    const arrival = await arrive(ports, session, code);
    const made = await (session.connectionId === null
      ? create(ports, arrival)
      : heal(ports, arrival, session.connectionId));
    await ports.sessions.complete(session.id, made.connectionId, made.problem);
    if (arrival.client.settings.prove && arrival.tokens.refreshToken) await prove(ports, made);
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code === "store_unavailable") throw error;
    await failSession(ports, session, { code: error.code, detail: error.message });
  }
}

async function arrive(ports: ConnectPorts, session: ConnectSession, code: Secret<string>): Promise<Arrival> {
  const client = await ports.clients.find(session.clientId);
  const provider = client && (await providerOf(ports.catalogue, client));
  if (!provider) throw new ServiceError("unknown_provider", "The provider of this client is no longer defined.");
  if (session.connectionId === null) await requireRoom(ports.tenants, session.tenantId, "connections");
  const { dpopKey } = client;
  const prover = await dpopProver(ports, client.tenantId, dpopKey);
  const { tokens, sentAt } = await exchangeCode(ports, { session, client, provider, prover }, code);
  const nonce = session.attempt?.nonce ?? null;
  const account = await identify({ transport: ports.transport, prover }, { provider, client, nonce }, tokens);
  const received = tokenSetFrom(
    { tokens, sentAt, usualLifetime: provider.lifetimes.access_seconds },
    { refreshToken: null, refreshExpiresAt: null, scope: session.scopes, answerFields: {}, dpopKey },
  );
  return { session, client, provider, tokens: received, account };
}

const NOTHING_BEFORE = { requiredScopes: [], grantedScopes: [], missingScopes: [] };

async function create(ports: ConnectPorts, arrival: Arrival): Promise<Established> {
  const { session, client, tokens, account } = arrival;
  const id = createId("con", ports.clock, ports.random);
  const consent = consentOf(ports, arrival, NOTHING_BEFORE);
  const problem = problemOf(arrival, consent);
  const owner = { tenantId: session.tenantId, connectionId: id };
  const record = await sealTokenSet(ports.sealer, owner, tokens, { generation: 1, origin: "connect" });
  const connection = {
    id,
    tenantId: session.tenantId,
    clientId: client.id,
    providerId: client.providerId,
    endUser: session.endUser,
    policy: "adaptive" as const,
    labels: {},
    ...consent,
  };
  const detail = { account: account?.label ?? null, ...wantOf(consent) };
  const history = { kind: "connected", generation: 1, detail } as const;
  const dueAt = firstDueAt(ports, tokens);
  await untilStored(ports, id, () => ports.connections.create(connection, record, dueAt, history), {
    patienceMs: STORE_PATIENCE,
  });
  const { expiresAt } = tokens;
  ports.observer.event("connection.created", { connectionId: id, clientId: client.id, expiresAt, dueAt });
  if (problem) ports.observer.event("connection.degraded", { connectionId: id, cause: problem.code });
  return { connectionId: id, generation: 1, problem };
}

/** The first refresh, at once. What it came to is in the connection's status. */
async function prove(ports: ConnectPorts, { connectionId, generation }: Established): Promise<void> {
  await ports.refresher.refresh({ connectionId, generation, origin: "proof" });
}
