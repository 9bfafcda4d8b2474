import { setTimeout as sleep } from "node:timers/promises";
import { tenantKeysSchema } from "../../api/routes/keys.ts";
import { SECOND } from "../../runtime/clock.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import { describeRekey, describeTenant, keysOf } from "./key-status.ts";

const INTERVAL = SECOND;

/** Begins, and with `wait` shows how far it is until it is done. */
export async function rotateTenant(
  service: ServiceClient,
  output: Output,
  { tenant, wait }: { tenant: string; wait: boolean },
): Promise<void> {
  let keys = await service.ask({ method: "POST", path: path`/v1/keys/tenants/${tenant}/rotate` }, tenantKeysSchema);
  let shown = "";
  while (wait && keys.rekey?.finished_at === null) {
    const line = describeRekey(keys.rekey);
    if (line !== shown) output.remark(line);
    shown = line;
    await sleep(INTERVAL);
    keys = await keysOf(service, tenant);
  }
  const last = keys;
  output.result(last, () => describeTenant(last, output).join("\n"));
}
