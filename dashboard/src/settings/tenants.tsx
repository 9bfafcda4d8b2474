import { useInfiniteQuery } from "@tanstack/react-query";
import { CircleCheck, Hourglass } from "lucide-react";
import { tenantsQuery, type Tenant } from "../api/tenants.ts";
import { Badge } from "../design/badge.tsx";
import { Card } from "../design/card.tsx";
import { Paged } from "../design/paged.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Time } from "../design/time.tsx";
import { AddTenant } from "./add-tenant.tsx";
import { LIMITS } from "./limit-words.ts";
import { TenantLimits } from "./tenant-limits.tsx";

/** Whom the installation serves, apart from each other. */
export function Tenants() {
  const list = useInfiniteQuery(tenantsQuery);
  return (
    <Card title="Tenants">
      <Paged list={list} what="tenants" rowsOf={({ tenants }) => tenants} none={<p>None.</p>}>
        {(tenants: readonly Tenant[]) => (
          <Table caption="Tenants" columns={COLUMNS} rows={tenants} keyOf={({ id }) => id} />
        )}
      </Paged>
      <AddTenant />
    </Card>
  );
}

const COLUMNS: readonly Column<Tenant>[] = [
  { head: "Name", cell: ({ name }) => name },
  { head: "Id", cell: ({ id }) => <code>{id}</code> },
  { head: "State", cell: State },
  { head: "Limits", cell: limitsOf },
  { head: "Since", cell: ({ created_at }) => <Time at={created_at} /> },
  { head: "Change", cell: (tenant) => (tenant.id === "default" ? null : <TenantLimits tenant={tenant} />) },
];

function State({ status }: Tenant) {
  return status === "active" ? (
    <Badge tone="good" Icon={CircleCheck}>
      Active
    </Badge>
  ) : (
    <Badge tone="waiting" Icon={Hourglass}>
      Being deleted
    </Badge>
  );
}

function limitsOf({ limits }: Tenant): string {
  const set = LIMITS.flatMap(([name, words]) => {
    const limit = limits[name];
    return limit === null ? [] : [`${limit.toLocaleString("en")} ${words.toLowerCase()}`];
  });
  return set.length === 0 ? "none" : set.join(", ");
}
