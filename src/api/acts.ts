import type { FastifyRequest } from "fastify";
import type { Act, ActDetail, ActName } from "../access/audit.ts";
import type { KeyStore } from "../access/key-store.ts";
import type { ApiKeyStore } from "../access/store.ts";
import type { TenantStore } from "../access/tenant-store.ts";
import type { VirtualRefreshTokenStore } from "../access/virtual-refresh-token.ts";
import type { ClientStore } from "../client/client.ts";
import type { ConnectSessionStore } from "../connect/connect-session.ts";
import type { ExportStore } from "../connect/export.ts";
import { detailOf, type OperatorSessionStore } from "../access/operator-session.ts";
import type { OperatorSignInStore } from "../access/sign-in.ts";
import type { ConnectionStore } from "../connection/store.ts";
import type { CampaignStore } from "../incident/campaign.ts";
import type { IncidentStore } from "../incident/store.ts";
import type { ProviderStore } from "../provider/catalogue.ts";
import type { DeliveryStore } from "../event/webhook-delivery.ts";
import type { WebhookStore } from "../event/webhook-endpoint.ts";
import type { RestoreStore } from "../refresh/restores.ts";
import type { SecurityEventReceiverStore } from "../security-event/receiver.ts";
import { callerOf } from "./guard.ts";

/** Stores for one act: what changes through them is written down as it, in the same transaction. */
export interface ActingStores {
  /** Writes down an act that changes nothing that is stored. */
  note(): Promise<void>;
  apiKeys: ApiKeyStore;
  campaigns: CampaignStore;
  clients: ClientStore;
  connections: ConnectionStore;
  connectSessions: ConnectSessionStore;
  exports: ExportStore;
  incidents: Pick<IncidentStore, "acknowledge">;
  deliveries: DeliveryStore;
  operatorSessions: OperatorSessionStore;
  operatorSignIns: OperatorSignInStore;
  providers: ProviderStore;
  receivers: SecurityEventReceiverStore;
  restores: RestoreStore;
  tenantKeys: KeyStore;
  tenants: TenantStore;
  virtualRefreshTokens: VirtualRefreshTokenStore;
  webhooks: WebhookStore;
}

/** Every route that changes something changes it through the stores that this gives for its act. */
export type Acting = (act: Act) => ActingStores;

/** An act of whoever sent the request, on a thing of the caller's own tenant. */
export function actOf(request: FastifyRequest, name: ActName, objectId: string | null, detail: ActDetail = {}): Act {
  const { keyId, tenantId } = callerOf(request);
  return {
    name,
    actor: request.actor ?? { kind: "api_key", id: keyId },
    tenantId,
    objectId,
    from: request.from,
    detail: request.operator ? { ...detail, ...detailOf(request.operator) } : detail,
  };
}
