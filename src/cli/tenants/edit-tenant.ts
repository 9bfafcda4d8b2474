import { tenantDetailSchema } from "../../api/tenant-view.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import { describeTenant } from "./show-tenant.ts";
import type { TenantWish } from "./tenant-wish.ts";

export interface TenantEdit extends Partial<Omit<TenantWish, "limit">>, Pick<TenantWish, "limit"> {
  redirectUris?: "keep" | "change";
}

export async function editTenant(
  service: ServiceClient,
  output: Output,
  id: string,
  { name, publicUrl, redirectUris, limit }: TenantEdit,
): Promise<void> {
  const body = {
    ...(name !== undefined && { name }),
    ...(publicUrl !== undefined && { public_url: publicUrl === "none" ? null : publicUrl }),
    ...(redirectUris !== undefined && { redirect_uris: redirectUris }),
    limits: limit,
  };
  const tenant = await service.ask({ method: "PATCH", path: path`/v1/tenants/${id}`, body }, tenantDetailSchema);
  output.result(tenant, () => describeTenant(tenant, output));
}
