import { createHmac } from "node:crypto";
import type { Act } from "../access/audit.ts";
import { providerOf } from "../client/provider-of.ts";
import { redirectUri } from "../client/redirect-uri.ts";
import type { ConnectionStore } from "../connection/store.ts";
import { sameSecret } from "../runtime/same-secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { isElsewhere } from "./arrival-address.ts";
import { expired } from "./begin.ts";
import type { ConnectSession } from "./connect-session.ts";
import { concluded } from "./establish.ts";
import { failSession } from "./fail.ts";
import { foreign, sameBrowser } from "./finish.ts";
import { heal } from "./heal.ts";
import { maySwitch, openOther } from "./other-account.ts";
import type { ConnectPorts } from "./ports.ts";
import { outdated } from "./reauthorization-link.ts";
import { startConnectSession } from "./start.ts";

export interface DecisionPorts extends ConnectPorts {
  /** Stores that write the act down with what is changed through them. */
  acting(this: void, act: Act): { connections: ConnectionStore };
}

/** `again`: to sign in once more, with the right account. */
export type AccountDecision = "switch" | "keep" | "again";

/** The person to whom we said that this is another account has decided. */
export interface DecisionRequest {
  sessionId: string;
  /** As the page had it. */
  confirmation: string;
  decision: AccountDecision;
  /** The host that the browser named. */
  host: string;
  /** From the cookie of this attempt; null when the browser has none. */
  browserToken(this: void, session: ConnectSession, redirectUri: string): string | null;
  /** The address that the browser has; null when it is not known. */
  from: string | null;
}

export type Decided = { kind: "over"; session: ConnectSession } | { kind: "again"; connectUrl: string };

/**
 * Another account came back, and its person has decided what becomes of that. Counts once, in the browser that came back; a
 * repetition is answered with what the first one came to. Throws `state_invalid` and `connect_session_expired`.
 */
export async function decideAccount(ports: DecisionPorts, request: DecisionRequest): Promise<Decided> {
  const session = await ports.sessions.find(request.sessionId);
  if (!session) throw foreign();
  await requireSameBrowser(ports, session, request);
  const isOpen = session.status === "switching" || wasRefused(session);
  if (isOpen && session.expiresAt <= ports.clock.now()) throw expired();
  if (request.decision === "again" && isOpen) return { kind: "again", connectUrl: await again(ports, session) };
  if (session.status === "switching") {
    await (request.decision === "switch" ? switchAccount(ports, session, request.from) : keepAccount(ports, session));
  }
  return { kind: "over", session: (await ports.sessions.find(session.id)) ?? session };
}

/** What the page of a session knows, and nobody else. */
export function decisionConfirmation({ linkKey }: Pick<ConnectPorts, "linkKey">, session: ConnectSession): string {
  const claim = `account.${session.id}.${session.attempt?.stateHash ?? ""}`;
  return createHmac("sha256", linkKey.reveal()).update(claim).digest("base64url");
}

/** Another account came back, and nothing was changed. */
function wasRefused({ status, problem }: ConnectSession): boolean {
  return status === "failed" && problem?.code === "account_mismatch";
}

async function requireSameBrowser(
  ports: ConnectPorts,
  session: ConnectSession,
  { confirmation, host, browserToken }: DecisionRequest,
): Promise<void> {
  const client = await ports.clients.find(session.clientId);
  if (!client || !sameSecret(confirmation, decisionConfirmation(ports, session))) throw foreign();
  const sentTo = session.attempt?.redirectUri ?? redirectUri(ports.publicUrl, client);
  if (!sameBrowser(session, browserToken(session, sentTo))) throw foreign();
  if (await isElsewhere(ports, host, sentTo)) throw foreign();
}

async function again(ports: ConnectPorts, session: ConnectSession): Promise<string> {
  if (session.status === "switching") await keepAccount(ports, session);
  const { connectUrl } = await startConnectSession(ports, {
    tenantId: session.tenantId,
    clientId: session.clientId,
    connectionId: session.connectionId,
    scopes: session.scopes,
    requiredScopes: session.requiredScopes,
    endUser: session.endUser,
    returnUrl: session.returnUrl,
    completion: session.completion,
    account: (await maySwitch(ports, session)) ? "may_change" : "same",
    retryOf: session,
  });
  return connectUrl;
}

/** Forgets what came with the other account. */
async function keepAccount(ports: ConnectPorts, session: ConnectSession): Promise<void> {
  if (session.problem) await failSession(ports, session, session.problem);
}

async function switchAccount(ports: DecisionPorts, session: ConnectSession, from: string | null): Promise<void> {
  if (!(await ports.sessions.advance(session.id, "switching", "exchanging"))) return;
  try {
    await store(ports, session, from);
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code === "store_unavailable") throw error;
    await failSession(ports, session, { code: error.code, detail: error.message });
  }
}

async function store(ports: DecisionPorts, session: ConnectSession, from: string | null): Promise<void> {
  const { connectionId } = session;
  const client = await ports.clients.find(session.clientId);
  const provider = client && (await providerOf(ports.catalogue, client));
  if (!provider) throw new ServiceError("unknown_provider", "The provider of this link is no longer defined.");
  const other = await openOther(ports, session);
  if (!other || connectionId === null || !(await maySwitch(ports, session))) throw outdated();
  const { connections } = ports.acting({
    name: "connection.account_switched",
    actor: { kind: "user", id: null },
    tenantId: session.tenantId,
    objectId: connectionId,
    from,
    detail: { session: session.id },
  });
  const { tokens, account, expected } = other;
  const arrival = { session, client, provider, tokens, account };
  await concluded(ports, arrival, heal({ ...ports, connections }, arrival, connectionId, expected));
}
