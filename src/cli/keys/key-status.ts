import type { z } from "zod";
import type { rekeySchema } from "../../api/rekey-view.ts";
import { rootKeysSchema, tenantKeysSchema } from "../../api/routes/keys.ts";
import { SECOND } from "../../runtime/clock.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import { duration, relativeTime } from "../terminal/relative-time.ts";
import { table, type Cell } from "../terminal/table.ts";
import { bar } from "../terminal/bar.ts";

export type TenantKeys = z.infer<typeof tenantKeysSchema>;
export type Rekey = z.infer<typeof rekeySchema>;

export async function showKeys(service: ServiceClient, output: Output, tenant: string): Promise<void> {
  const root = await service.ask({ path: path`/v1/keys/root` }, rootKeysSchema);
  const keys = await keysOf(service, tenant);
  output.result({ root, tenant: keys }, () =>
    [...describeRoot(root, output), "", ...describeTenant(keys, output)].join("\n"),
  );
}

export function keysOf(service: ServiceClient, tenant: string): Promise<TenantKeys> {
  return service.ask({ path: path`/v1/keys/tenants/${tenant}` }, tenantKeysSchema);
}

function describeRoot({ fingerprint, wraps }: z.infer<typeof rootKeysSchema>, { paint }: Output): string[] {
  const others = Object.entries(wraps).filter(([other]) => other !== fingerprint);
  const rows: Cell[][] = [
    [
      { text: "root key", colour: "dim" },
      { text: fingerprint },
      { text: `wraps ${wraps[fingerprint] ?? 0} tenant keys` },
    ],
    ...others.map(([other, count]): Cell[] => [
      { text: "older root key", colour: "dim" },
      { text: other, colour: "yellow" },
      { text: `still wraps ${count}` },
    ]),
  ];
  return table(rows, paint);
}

export function describeTenant({ tenant, versions, rekey }: TenantKeys, { paint }: Output): string[] {
  const rows = versions.map(({ version, created_at: made, retired_at: retired, values }, index): Cell[] => [
    { text: `${tenant} ${version}`, colour: "dim" },
    {
      text: retired === null ? (index === versions.length - 1 ? "seals" : "opens") : `retired ${relativeTime(retired)}`,
    },
    { text: `${values} values` },
    { text: `made ${relativeTime(made)}` },
  ]);
  return [...table(rows, paint), ...(rekey ? [describeRekey(rekey)] : [])];
}

export function describeRekey(rekey: Rekey): string {
  const { version, values_done: done, values_total: total, finished_at: at } = rekey;
  if (at !== null) return `rekey to version ${version}: ${done} values, finished ${relativeTime(at)}`;
  return `rekey to version ${version}: ${bar(done, total)} ${done} of ${total} values${describeSpeed(rekey)}`;
}

function describeSpeed({ values_per_second: perSecond, seconds_left: left }: Rekey): string {
  if (perSecond === null) return "";
  return left === null ? `, ${perSecond} a second` : `, ${perSecond} a second, ${duration(left * SECOND)} left`;
}
