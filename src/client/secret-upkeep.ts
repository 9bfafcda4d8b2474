import { MINUTE } from "../runtime/clock.ts";
import { createRounds, type Rounds, type RoundsDeps } from "../runtime/rounds.ts";
import type { ClientSecretStore } from "./client-secret.ts";
import { FIRST_WARNING, warningOf } from "./secret-warnings.ts";

export interface SecretUpkeepDeps extends RoundsDeps {
  clients: Pick<ClientSecretStore, "eraseRetired" | "secretsEndingWithin" | "markWarned">;
}

const INTERVAL = MINUTE;

/** Erases retired secrets when their time is over, and warns of ends ahead: once, however many instances look. */
export function createSecretUpkeep(deps: SecretUpkeepDeps): Rounds {
  return createRounds(deps, INTERVAL, async () => {
    await eraseRetired(deps);
    await warnOfEnds(deps);
  });
}

async function eraseRetired({ clients, observer }: SecretUpkeepDeps): Promise<void> {
  for (const { id, clientId } of await clients.eraseRetired()) {
    observer.event("client.secret_erased", { clientId, secretId: id });
  }
}

async function warnOfEnds({ clients, clock, observer }: SecretUpkeepDeps): Promise<void> {
  for (const { id, clientId, expiresAt } of await clients.secretsEndingWithin(FIRST_WARNING)) {
    const days = expiresAt === null ? null : warningOf(expiresAt, clock.now());
    if (days === null || !(await clients.markWarned(id, days))) continue;
    observer.event("client.secret_expiring", { clientId, secretId: id, days, endsAt: expiresAt });
  }
}
