import { createHmac } from "node:crypto";
import type { Connection } from "../connection/connection.ts";
import { DAY } from "../runtime/clock.ts";
import { sameSecret } from "../runtime/same-secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { ConnectPorts } from "./ports.ts";

export interface ReauthorizationLink {
  url: string;
  expiresAt: number;
}

/** Whether the account that comes back has to be the one that was connected. */
export type AccountRule = "same" | "may_change";

/** What a link says. */
export interface LinkClaim {
  connectionId: string;
  /** The links of the connection that it is one of; those of another epoch were revoked. */
  epoch: number;
  account: AccountRule;
}

const LIFE_IN_DAYS = 7;

type ReadPorts = Pick<ConnectPorts, "clock" | "linkKey">;
export type LinkPorts = ReadPorts & Pick<ConnectPorts, "addressOfTenant">;

/** A signed link that lets the connection's user sign in again. It is the same for a whole day, and nothing is stored for it. */
export function reauthorizationLink(
  ports: LinkPorts,
  { id, tenantId, linkEpoch }: Pick<Connection, "id" | "tenantId" | "linkEpoch">,
  account: AccountRule = "same",
): ReauthorizationLink {
  const lastDay = Math.ceil(ports.clock.now() / DAY) + LIFE_IN_DAYS;
  const claim = [id, lastDay, linkEpoch, ...(account === "same" ? [] : [account])].join(".");
  return {
    url: `${ports.addressOfTenant(tenantId)}/reauthorize/${claim}.${sign(ports, claim)}`,
    expiresAt: lastDay * DAY,
  };
}

/** Throws `not_found` for a link that was not signed here, and `connect_session_expired` for one of the week before. */
export function readLink(ports: ReadPorts, token: string): LinkClaim {
  const end = token.lastIndexOf(".");
  const claim = token.slice(0, Math.max(end, 0));
  if (claim === "" || !sameSecret(token.slice(end + 1), sign(ports, claim))) {
    throw new ServiceError("not_found", "This link is not known. Ask for a new one where you got it.");
  }
  // A link of an earlier version ends with its day, and is of the first epoch.
  const [connectionId = "", lastDay = "", epoch = "0", account] = claim.split(".");
  if (Number(lastDay) * DAY <= ports.clock.now()) throw outdated();
  return { connectionId, epoch: Number(epoch), account: account === "may_change" ? account : "same" };
}

/** The link has expired, or was revoked: to whoever has it that is the same. */
export function outdated(): ServiceError {
  return new ServiceError(
    "connect_session_expired",
    "This link has expired or was withdrawn. Ask for a new one where you got it.",
  );
}

function sign({ linkKey }: ReadPorts, claim: string): string {
  return createHmac("sha256", linkKey.reveal()).update(`reauthorize.${claim}`).digest("base64url");
}
