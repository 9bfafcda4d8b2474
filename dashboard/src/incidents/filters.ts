/** Whose incidents the address names; the own tenant's unless an operator chose another. */
export interface IncidentFilters {
  tenant?: string;
}

export function readIncidentFilters({ tenant }: Record<string, unknown>): IncidentFilters {
  return typeof tenant === "string" && tenant !== "" ? { tenant } : {};
}
