import { shreddedSchema } from "../../api/routes/keys.ts";
import { CommandFailure } from "../command-failure.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";

/** Deletes the keys of a tenant. Its id, given twice, is the confirmation: there is no way back. */
export async function shredTenant(
  service: ServiceClient,
  output: Output,
  { tenant, confirm }: { tenant: string; confirm: string | undefined },
): Promise<void> {
  if (confirm !== tenant) {
    throw new CommandFailure({
      exit: "usage",
      code: "usage",
      detail: `All tokens and client secrets of ${tenant} would be lost for good. Nothing was changed.`,
      next: `Say --confirm ${tenant} if that is meant.`,
    });
  }
  const request = { method: "DELETE", path: path`/v1/keys/tenants/${tenant}`, body: { confirm } } as const;
  const result = await service.ask(request, shreddedSchema);
  output.result(
    { tenant, ...result },
    () => `${result.deleted} keys of ${tenant} are deleted. What they sealed cannot be opened any more.`,
  );
}
