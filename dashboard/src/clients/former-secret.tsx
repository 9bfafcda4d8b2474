import type { Client, ClientSecret } from "../api/client-shapes.ts";
import { eraseSecret } from "../api/client-secrets.ts";
import { useMay } from "../api/use-may.ts";
import { Confirm } from "../design/confirm.tsx";
import { Time } from "../design/time.tsx";
import { WAYS } from "./proof.ts";
import styles from "./former-secret.module.css";

/** The one before, which is kept for a day in case that its successor is refused. */
export function FormerSecret({ client, former }: { client: Client; former: ClientSecret }) {
  const mayWrite = useMay("clients:write");
  const proof = WAYS[client.authentication].proof ?? "secret";
  return (
    <div className={styles["former"]}>
      <p>
        The new {proof} is in use. The old one is kept, and is used again by itself where the provider refuses the new
        one; it is erased <Time at={former.kept_until} />. End it at the provider now.
      </p>
      {mayWrite && (
        <Confirm
          action={`Erase the old ${proof} now`}
          title={`Erase the old ${proof}?`}
          consequence="Nothing can go back to it. If the provider refuses the new one, the client is suspended until you add another."
          run={() => eraseSecret(client.id, former.id)}
        />
      )}
    </div>
  );
}
