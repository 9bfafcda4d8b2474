import { useQuery } from "@tanstack/react-query";
import type { Client, ClientSecret } from "../api/client-shapes.ts";
import { secretsQuery } from "../api/client-secrets.ts";
import { Card } from "../design/card.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Time } from "../design/time.tsx";
import { PublicKey } from "./public-key.tsx";
import { WAYS } from "./proof.ts";

/** What became of each that the client ever had. `Rotation` tells of failures, and the audit log who did it. */
export function SecretHistory({ client }: { client: Client }) {
  const { data: secrets = [] } = useQuery(secretsQuery(client.id));
  const proof = WAYS[client.authentication].proof ?? "secret";
  if (secrets.length === 0) return null;
  return (
    <Card title={`Every ${proof} of this client`}>
      <Table caption={`Every ${proof} of this client`} columns={COLUMNS} rows={secrets} keyOf={({ id }) => id} />
      {secrets
        .filter((secret) => !secret.is_erased && (secret.signing_key !== null || secret.certificate !== null))
        .map((secret) => (
          <PublicKey key={secret.id} secret={secret} />
        ))}
    </Card>
  );
}

const COLUMNS: readonly Column<ClientSecret>[] = [
  { head: "State", cell: stateOf },
  { head: "Added", cell: ({ created_at }) => <Time at={created_at} /> },
  { head: "Used last", cell: ({ last_used_at }) => <Time at={last_used_at} none="Not yet" /> },
  { head: "Ends", cell: ({ expires_at }) => <Time at={expires_at} none="Not known to end" /> },
];

function stateOf({ state, is_erased, refusal, kept_until }: ClientSecret) {
  if (refusal && state === "staged") return `Refused (${refusal.code})`;
  if (is_erased) return "Erased";
  if (state === "active") return "In use";
  if (state === "staged") return "On trial";
  return (
    <>
      Kept, erased <Time at={kept_until} />
    </>
  );
}
