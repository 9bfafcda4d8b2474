import type { ConnectionDetail } from "../api/connection.ts";
import { ClientLink } from "../clients/client-link.tsx";
import { Card } from "../design/card.tsx";
import { Facts } from "../design/facts.tsx";
import { Time } from "../design/time.tsx";

/** Whose account it is, at which provider, and through which client. */
export function About({ connection }: { connection: ConnectionDetail }) {
  const { account, end_user, provider, client, id, generation } = connection;
  return (
    <Card title="Account">
      <Facts
        facts={{
          Account: account?.label ?? "not known",
          "Account id": <code>{account?.id ?? "not known"}</code>,
          "Your user": end_user ?? "not told",
          Provider: provider,
          Client: <ClientLink id={client} />,
          "Connection id": <code>{id}</code>,
          Connected: <Time at={connection.created_at} />,
          "Last consent": <Time at={connection.consented_at} />,
          "Token last read": <Time at={connection.last_read_at} />,
          Generation: generation,
        }}
      />
    </Card>
  );
}
