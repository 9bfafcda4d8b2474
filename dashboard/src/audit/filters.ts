/** What the address says about which acts are shown. */
export type AuditFilters = Partial<Record<(typeof FILTERS)[number], string>>;

const FILTERS = ["act", "object", "actor", "tenant"] as const;

export function readAuditFilters(search: Record<string, unknown>): AuditFilters {
  const said = FILTERS.flatMap((name) => {
    const value = search[name];
    return typeof value === "string" && value !== "" ? [[name, value] as const] : [];
  });
  return Object.fromEntries(said);
}
