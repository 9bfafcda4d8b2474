import { createHmac } from "node:crypto";
import type { Connection } from "../connection/connection.ts";
import { DAY } from "../runtime/clock.ts";
import { sameSecret } from "../runtime/same-secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { isElsewhere } from "./arrival-address.ts";
import { beginAuthorization, expired, type Departure } from "./begin.ts";
import type { ConnectPorts } from "./ports.ts";
import { startConnectSession } from "./start.ts";

export interface ReauthorizationLink {
  url: string;
  expiresAt: number;
}

const LIFE_IN_DAYS = 7;

export type LinkPorts = Pick<ConnectPorts, "clock" | "linkKey" | "addressOfTenant">;

/** A signed link that lets the connection's user sign in again. It is the same for a whole day, and nothing is stored for it. */
export function reauthorizationLink(
  ports: LinkPorts,
  { id, tenantId }: Pick<Connection, "id" | "tenantId">,
): ReauthorizationLink {
  const lastDay = Math.ceil(ports.clock.now() / DAY) + LIFE_IN_DAYS;
  const claim = `${id}.${lastDay}`;
  return {
    url: `${ports.addressOfTenant(tenantId)}/reauthorize/${claim}.${sign(ports, claim)}`,
    expiresAt: lastDay * DAY,
  };
}

/** Where a browser goes from a link: to the provider, or first to the address where it will come back to. */
export type Onward = ({ kind: "provider" } & Departure) | { kind: "elsewhere"; connectUrl: string };

/**
 * The user opened such a link, at this host: sends them to the provider, for this very connection. A link outlives the address that
 * it was made with.
 */
export async function beginReauthorization(ports: ConnectPorts, token: string, host: string): Promise<Onward> {
  const [id = "", lastDay = "", signature = ""] = token.split(".", 3);
  if (!sameSecret(signature, sign(ports, `${id}.${lastDay}`))) {
    throw new ServiceError("not_found", "This link is not known. Ask for a new one where you got it.");
  }
  if (Number(lastDay) * DAY <= ports.clock.now()) throw expired();
  const held = await ports.connections.snapshot(id);
  if (!held || held.connection.status === "disconnected") {
    throw new ServiceError("not_found", "The connection of this link no longer exists.");
  }
  const session = await startConnectSession(ports, {
    tenantId: held.connection.tenantId,
    clientId: null,
    connectionId: id,
    scopes: [],
    requiredScopes: [],
    endUser: null,
    returnUrl: null,
    completion: "automatic",
  });
  const { connectUrl } = session;
  if (await isElsewhere(ports, host, connectUrl)) return { kind: "elsewhere", connectUrl };
  return { kind: "provider", ...(await beginAuthorization(ports, session.token, host)) };
}

function sign({ linkKey }: LinkPorts, claim: string): string {
  return createHmac("sha256", linkKey.reveal()).update(`reauthorize.${claim}`).digest("base64url");
}
