import { tenantDetailSchema } from "../../api/tenant-view.ts";
import type { ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import { printable } from "../terminal/printable.ts";
import type { TenantWish } from "./tenant-wish.ts";

/** Stdout has the id alone, so that the next command can take it. */
export async function addTenant(
  service: ServiceClient,
  output: Output,
  { name, publicUrl, limit }: TenantWish,
): Promise<void> {
  const body = { name, ...(publicUrl !== undefined && { public_url: publicUrl }), limits: limit };
  const made = await service.ask({ method: "POST", path: "/v1/tenants", body }, tenantDetailSchema);
  output.result(made, () => made.id);
  output.remark(
    printable(`Added ${made.name}. evergrant api-keys create --tenant ${made.id} --scope admin makes its first key.`),
  );
}
