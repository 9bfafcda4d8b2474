import { MINUTE, type Clock } from "../runtime/clock.ts";
import type { Observer } from "../runtime/observer.ts";
import { codeOf } from "../runtime/service-error.ts";
import type { ClientSecretStore } from "./client-secret.ts";
import { FIRST_WARNING, warningOf } from "./secret-warnings.ts";

/** Erases retired secrets when their time is over, and warns of ends ahead: once, however many instances look. */
export interface SecretUpkeep {
  start(): void;
  /** Resolves when the last round is over. */
  stop(): Promise<void>;
}

export interface SecretUpkeepDeps {
  clock: Clock;
  clients: Pick<ClientSecretStore, "eraseRetired" | "secretsEndingWithin" | "markWarned">;
  observer: Observer;
}

const INTERVAL = MINUTE;

export function createSecretUpkeep({ clock, clients, observer }: SecretUpkeepDeps): SecretUpkeep {
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await round().catch((error: unknown) => observer.event("store.failed", { code: codeOf(error) }));
      await clock.sleep(INTERVAL, stopping.signal);
    }
  }

  async function round(): Promise<void> {
    for (const { id, clientId } of await clients.eraseRetired()) {
      observer.event("client.secret_erased", { clientId, secretId: id });
    }
    for (const { id, clientId, expiresAt } of await clients.secretsEndingWithin(FIRST_WARNING)) {
      const days = expiresAt === null ? null : warningOf(expiresAt, clock.now());
      if (days === null || !(await clients.markWarned(id, days))) continue;
      observer.event("client.secret_expiring", { clientId, secretId: id, days, endsAt: expiresAt });
    }
  }

  return {
    start: () => {
      running = run();
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
