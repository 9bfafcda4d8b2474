import { deletedTenantSchema, tenantDetailSchema } from "../../api/tenant-view.ts";
import { CommandFailure } from "../command-failure.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import { printable } from "../terminal/printable.ts";

/** Its name, given with the id, is the confirmation: there is no way back. */
export async function deleteTenant(
  service: ServiceClient,
  output: Output,
  { id, confirm }: { id: string; confirm: string | undefined },
): Promise<void> {
  const { name, usage } = await service.ask({ path: path`/v1/tenants/${id}` }, tenantDetailSchema);
  if (confirm !== name) {
    throw new CommandFailure({
      exit: "usage",
      code: "usage",
      detail: `${usage.connections} connections of ${name} would be lost for good, with all that its keys sealed. Nothing was changed.`,
      next: `Say --confirm ${JSON.stringify(name)} if that is meant.`,
    });
  }
  const request = { method: "DELETE", path: path`/v1/tenants/${id}`, body: { confirm } } as const;
  const deleted = await service.ask(request, deletedTenantSchema);
  output.result(deleted, () =>
    printable(
      `Deleted ${name}: ${deleted.connections} connections, ${deleted.api_keys} API keys, ${deleted.keys} keys. What those sealed cannot be opened any more.`,
    ),
  );
}
