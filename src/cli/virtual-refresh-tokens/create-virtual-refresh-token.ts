import { mintedVirtualRefreshTokenSchema } from "../../api/virtual-refresh-token-view.ts";
import { DAY } from "../../runtime/clock.ts";
import type { ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";

/** As the options say it. */
export interface VirtualRefreshTokenWish {
  name?: string;
  days?: number;
}

/** Stdout has the token alone, so that it can be put where it belongs without being seen. */
export async function createVirtualRefreshToken(
  service: ServiceClient,
  output: Output,
  { days, ...wish }: VirtualRefreshTokenWish & { connection: string },
): Promise<void> {
  const body = {
    ...wish,
    ...(days !== undefined && { expires_at: new Date(Date.now() + days * DAY).toISOString() }),
  };
  const request = { method: "POST", path: "/v1/virtual-refresh-tokens", body } as const;
  const made = await service.ask(request, mintedVirtualRefreshTokenSchema);
  output.result(made, () => made.refresh_token);
  const end = made.expires_at === null ? "does not expire" : `expires at ${made.expires_at}`;
  output.remark(`Made ${made.id}, which ${end}. The token is shown this once.`);
}
