/** How far somebody is with connecting, by the page's address: a provider is chosen, or its client is there. */
export interface ConnectStep {
  provider?: string;
  client?: string;
}

export function readConnectStep({ provider, client }: Record<string, unknown>): ConnectStep {
  if (typeof client === "string") return { client };
  return typeof provider === "string" ? { provider } : {};
}
