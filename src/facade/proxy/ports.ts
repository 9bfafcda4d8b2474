import type { Caller } from "../../access/authenticator.ts";
import type { ApiTransport } from "../../oauth/api-transport.ts";
import type { DpopNonces } from "../../oauth/dpop-nonce.ts";
import type { AccessTokens } from "../../refresh/access-token.ts";
import type { PresentDeps } from "../../refresh/present-access-token.ts";
import type { Observer } from "../../runtime/observer.ts";
import type { FacadePorts } from "../ports.ts";
import type { ApiOfPorts } from "./api-of.ts";
import type { ProxyLimits } from "./room.ts";

/** What the proxy works with. */
export interface ProxyPorts extends FacadePorts, PresentDeps {
  accessTokens: Pick<AccessTokens, "read" | "rejected">;
  apis: ApiTransport;
  dpopNonces: DpopNonces;
  /** Over the rows of the caller's tenant alone. */
  storesFor(this: void, caller: Caller): ApiOfPorts;
  observer: Observer;
  /** Where callers reach this service, without a slash at the end. */
  publicUrl: string;
  limits: ProxyLimits;
}
