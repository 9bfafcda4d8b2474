import { z } from "zod";
import { path, type ServiceClient } from "../service/service-client.ts";
import { askFirst } from "../terminal/ask-first.ts";
import type { Output } from "../terminal/output.ts";
import { printable } from "../terminal/printable.ts";

export async function revokeVirtualRefreshToken(
  service: ServiceClient,
  output: Output,
  { id, yes }: { id: string; yes: boolean },
): Promise<void> {
  if (!yes) await askFirst("revoke", () => printable(`Revoke ${id} for good? Whoever uses it is refused at once.`));
  // The answer has no body.
  await service.ask({ method: "DELETE", path: path`/v1/virtual-refresh-tokens/${id}` }, z.undefined());
  output.result({ id, revoked: true }, () => printable(`Revoked ${id}.`));
}
