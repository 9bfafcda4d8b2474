import { setTimeout as sleep } from "node:timers/promises";
import { rekeySchema } from "../../api/rekey-view.ts";
import { tenantKeysSchema } from "../../api/routes/keys.ts";
import { SECOND } from "../../runtime/clock.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import { describeRekey, describeTenant, keysOf, type TenantKeys } from "./key-status.ts";

const INTERVAL = SECOND;

/** Begins, and with `wait` shows how far it is until it is done. */
export async function rotateTenant(
  service: ServiceClient,
  output: Output,
  { tenant, wait }: { tenant: string; wait: boolean },
): Promise<void> {
  const begun = await service.ask({ method: "POST", path: path`/v1/keys/tenants/${tenant}/rotate` }, tenantKeysSchema);
  const keys = wait ? await untilFinished(service, output, begun) : begun;
  output.result(keys, () => describeTenant(keys, output).join("\n"));
}

async function untilFinished(
  service: ServiceClient,
  output: Output,
  { tenant, rekey }: TenantKeys,
): Promise<TenantKeys> {
  let progress = rekey;
  let shown = "";
  while (progress?.finished_at === null) {
    const line = describeRekey(progress);
    if (line !== shown) output.remark(line);
    shown = line;
    await sleep(INTERVAL);
    progress = await service.ask({ path: path`/v1/keys/tenants/${tenant}/rekey` }, rekeySchema);
  }
  return keysOf(service, tenant);
}
