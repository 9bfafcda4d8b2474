/** What the address of the list says about which connections are shown, and in which order. */
export type ConnectionFilters = Partial<Record<(typeof FILTERS)[number], string>>;

export const FILTERS = ["q", "status", "cause", "provider", "client", "tenant", "label", "sort"] as const;

export function readConnectionFilters(search: Record<string, unknown>): ConnectionFilters {
  const said = FILTERS.flatMap((name) => {
    const value = search[name];
    return typeof value === "string" && value !== "" ? [[name, value] as const] : [];
  });
  return Object.fromEntries(said);
}

/** Whether some connections are left out. */
export function isNarrowed(filters: ConnectionFilters): boolean {
  return Object.keys(filters).some((name) => name !== "sort");
}
