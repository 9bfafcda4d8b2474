import { secret } from "../runtime/secret.ts";
import type { Attempt } from "./attempt.ts";

/** A success that could not be read may hold the next refresh token: it is kept in the journal for a person to look at. */
export async function keepUnreadable({ flight, held, claim, unreadableBody }: Attempt): Promise<void> {
  if (!unreadableBody) return;
  const { ports } = flight;
  const { tenantId } = held.connection;
  const { connectionId, generation } = claim;
  const address = { tenantId, recordId: connectionId, field: "unreadable_answer", generation } as const;
  try {
    const sealedBody = await ports.sealer.seal(address, secret(new TextDecoder().decode(unreadableBody)));
    const receivedAt = ports.clock.now();
    await ports.journal.append({ kind: "unreadable", tenantId, connectionId, generation, receivedAt, sealedBody });
  } catch {
    // The attempt goes on as lost either way; the journal reports its own trouble.
  }
}
