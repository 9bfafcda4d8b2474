import { useQuery } from "@tanstack/react-query";
import { tenantChoicesQuery } from "../api/choices.ts";
import { isOperatorsAdmin } from "../api/may.ts";
import { sessionQuery } from "../api/session.ts";
import { ChoiceFilter } from "../connections/choice-filter.tsx";

interface TenantFilterProps {
  tenant: string | undefined;
  /** The empty string for the own one. */
  choose: (tenant: string) => void;
}

/** For operators who are let into all tenants; nothing where there is only one. */
export function TenantFilter(props: TenantFilterProps) {
  const { data: session } = useQuery(sessionQuery);
  return session && isOperatorsAdmin(session) ? <Choice {...props} /> : null;
}

function Choice({ tenant, choose }: TenantFilterProps) {
  const { data } = useQuery(tenantChoicesQuery);
  const others = (data?.tenants ?? []).filter(({ id }) => id !== "default");
  if (others.length === 0 && tenant === undefined) return null;
  return (
    <ChoiceFilter
      label="Tenant"
      all="Your own"
      value={tenant}
      choices={others.map(({ id, name }) => [id, name])}
      isPart={data?.next_after !== null}
      choose={choose}
    />
  );
}
