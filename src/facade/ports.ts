import type { FastifyRequest } from "fastify";
import type { Admission } from "../access/admission.ts";
import type { HandedOut } from "../access/handed-out.ts";
import type { Redeem } from "../access/redemption.ts";
import type { ClientStore } from "../client/client.ts";
import type { ConnectionStore } from "../connection/store.ts";
import type { Catalogue } from "../provider/catalogue.ts";
import type { AccessTokens } from "../refresh/access-token.ts";
import type { Clock } from "../runtime/clock.ts";

/** What the borrowed protocols work with. */
export interface FacadePorts {
  admission: Pick<Admission, "identify" | "enter">;
  /** From where a request comes; null when that cannot be known. */
  peerAddress(this: void, request: FastifyRequest["raw"]): string | null;
  accessTokens: Pick<AccessTokens, "read">;
  handedOut: Pick<HandedOut, "count">;
  clock: Clock;
}

/** What the token endpoint works with beside that. */
export interface TokenEndpointPorts extends FacadePorts {
  redeem: Redeem;
  connections: Pick<ConnectionStore, "snapshot">;
  clients: Pick<ClientStore, "find">;
  catalogue: Pick<Catalogue, "resolve">;
}
