import type { Client } from "../client/client.ts";
import { providerOf } from "../client/provider-of.ts";
import { addressOf } from "../client/redirect-uri.ts";
import { sentenceForUser } from "../connection/cause.ts";
import type { Connection } from "../connection/connection.ts";
import type { Snapshot } from "../connection/store.ts";
import type { Provider } from "../provider/provider.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { isElsewhere } from "./arrival-address.ts";
import type { ConnectPorts } from "./ports.ts";
import { outdated, readLink, type AccountRule } from "./reauthorization-link.ts";
import { startConnectSession } from "./start.ts";

/** What a reauthorization link is about, as its user is to be told. */
export interface Reauthorization {
  /** `suspended`: the provider refuses the client, so that signing in would help nobody. */
  state: "broken" | "working" | "suspended";
  connection: Connection;
  provider: Provider;
  account: AccountRule;
  /** Where its users come back to, if that is another address than the one at which the link was opened. */
  elsewhere: string | null;
}

/**
 * Reads a link that was opened at this host, and starts nothing: mail scanners and previews open links too. Throws `not_found`,
 * `connect_session_expired` and `connection_disconnected`.
 */
export async function readReauthorization(ports: ConnectPorts, token: string, host: string): Promise<Reauthorization> {
  const claim = readLink(ports, token);
  const held = await ports.connections.snapshot(claim.connectionId);
  if (!held || held.connection.status === "disconnected") {
    throw new ServiceError(
      "connection_disconnected",
      "The connection of this link was ended. Connect the account anew.",
    );
  }
  const { connection } = held;
  if (connection.linkEpoch !== claim.epoch) throw outdated();
  const client = await ports.clients.find(connection.clientId);
  const provider = client && (await providerOf(ports.catalogue, client));
  if (!provider) throw new ServiceError("unknown_provider", "The provider of this link is no longer defined.");
  const elsewhere = await betterAddress(ports, client, host, token);
  return { state: stateOf(held), connection, provider, account: claim.account, elsewhere };
}

/**
 * The user wants to go on: makes a connect session for this very connection. Returns its URL, which is at the address where the
 * user will come back to.
 */
export async function startReauthorization(
  ports: ConnectPorts,
  { connection, account }: Pick<Reauthorization, "connection" | "account">,
): Promise<string> {
  const { connectUrl } = await startConnectSession(ports, {
    tenantId: connection.tenantId,
    clientId: null,
    connectionId: connection.id,
    scopes: [],
    requiredScopes: [],
    endUser: null,
    returnUrl: null,
    completion: "automatic",
    account,
    retryOf: null,
  });
  return connectUrl;
}

/** A link outlives the address that it was made with. */
async function betterAddress(ports: ConnectPorts, client: Client, host: string, token: string): Promise<string | null> {
  const url = `${addressOf(ports.publicUrl, client)}/reauthorize/${token}`;
  return (await isElsewhere(ports, host, url)) ? url : null;
}

function stateOf({ connection, clientProbeAt }: Snapshot): Reauthorization["state"] {
  if (clientProbeAt !== null) return "suspended";
  const { status, diagnosis } = connection;
  if (status === "active") return "working";
  const passes = diagnosis !== null && sentenceForUser(diagnosis.cause) === null;
  return status === "degraded" && passes ? "working" : "broken";
}
