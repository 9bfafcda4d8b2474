import { mintedKeySchema } from "../../api/api-key-view.ts";
import { DAY } from "../../runtime/clock.ts";
import type { ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";

/** As the options say it. */
export interface KeyWish {
  name: string;
  /** May read access tokens when there are none. */
  scope: string[];
  cidr: string[];
  days?: number;
  rateLimit?: number;
  tenant?: string;
}

/** Stdout has the key alone, so that it can be put where it belongs without being seen. */
export async function createApiKey(service: ServiceClient, output: Output, wish: KeyWish): Promise<void> {
  const { name, scope, cidr, days, rateLimit, tenant } = wish;
  const body = {
    name,
    scopes: scope.length === 0 ? ["token:read"] : scope,
    allowed_cidrs: cidr,
    ...(days !== undefined && { expires_at: new Date(Date.now() + days * DAY).toISOString() }),
    ...(rateLimit !== undefined && { rate_limit: rateLimit }),
    ...(tenant !== undefined && { tenant }),
  };
  const made = await service.ask({ method: "POST", path: "/v1/api-keys", body }, mintedKeySchema);
  output.result(made, () => made.key);
  output.remark(`Made ${made.id}, which ${ending(made.expires_at)}. The key is shown this once.`);
}

function ending(at: string | null): string {
  return at === null ? "does not expire" : `expires at ${at}`;
}
