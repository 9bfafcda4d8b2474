import type { z } from "zod";
import type { ClientStore } from "../client/client.ts";
import { reauthorizationLink, type LinkPorts } from "../connect/reauthorization-link.ts";
import { actorOf } from "../connection/cause.ts";
import { providerOf } from "../client/provider-of.ts";
import type { Snapshot } from "../connection/store.ts";
import type { Catalogue } from "../provider/catalogue.ts";
import { consentEnd, refreshTokenEnd } from "../refresh/consent-end.ts";
import { connectionDetailView, type ConnectionEnds, type connectionDetailSchema } from "./connection-view.ts";

export interface DescribePorts extends LinkPorts {
  clients: ClientStore;
  catalogue: Catalogue;
}

/** A connection in detail, with the ends that its provider and client know of. */
export async function describeConnection(
  ports: DescribePorts,
  held: Snapshot,
): Promise<z.infer<typeof connectionDetailSchema>> {
  return connectionDetailView(held, await endsOf(ports, held), linkOf(ports, held));
}

/** Where the user can end what is wrong with a connection. */
function linkOf(ports: LinkPorts, { connection }: Snapshot): string | null {
  const { diagnosis, status } = connection;
  const isForUser = diagnosis !== null && actorOf(diagnosis) === "user" && status !== "disconnected";
  return isForUser ? reauthorizationLink(ports, connection).url : null;
}

async function endsOf(
  { clients, catalogue }: DescribePorts,
  { connection, tokens }: Snapshot,
): Promise<ConnectionEnds> {
  const client = await clients.find(connection.clientId);
  const provider = client && (await providerOf(catalogue, client));
  if (!provider) return { refreshTokenEnd: tokens.refreshExpiresAt, consentEnd: null };
  const facts = { connection, tokens, client, provider };
  return { refreshTokenEnd: refreshTokenEnd(facts), consentEnd: consentEnd(facts) };
}
