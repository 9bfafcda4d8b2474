import type { Incident } from "../api/open-incidents.ts";
import { ClientLink } from "../clients/client-link.tsx";

/** What the connections of an incident have in common. */
export function About({ incident: { client, provider, tenant } }: { incident: Incident }) {
  if (client !== null) {
    return (
      <>
        Client <ClientLink id={client} />
      </>
    );
  }
  return provider === null ? `Tenant ${tenant}` : `Provider ${provider}`;
}
