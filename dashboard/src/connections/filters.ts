/** What the address of the list says about which connections are shown. */
export interface ConnectionFilters {
  status?: string;
  client?: string;
}

export function readConnectionFilters(search: Record<string, unknown>): ConnectionFilters {
  const { status, client } = search;
  return {
    ...(typeof status === "string" && { status }),
    ...(typeof client === "string" && { client }),
  };
}
