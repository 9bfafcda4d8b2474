import { z } from "zod";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";

const answer = z.looseObject({ access_token: z.string() });

export async function printToken(
  service: ServiceClient,
  output: Output,
  { connectionId, minTtl }: { connectionId: string; minTtl: number | undefined },
): Promise<void> {
  const token = await service.ask(
    { path: path`/v1/connections/${connectionId}/access-token`, query: { min_ttl: minTtl } },
    answer,
  );
  output.result(token, () => token.access_token);
}
