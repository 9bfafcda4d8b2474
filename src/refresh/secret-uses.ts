import { MINUTE } from "../runtime/clock.ts";
import { codeOf } from "../runtime/service-error.ts";
import type { RefreshPorts } from "./ports.ts";

/** When each secret was used last, with at most one write a minute for it. */
export interface SecretUses {
  /** Resolves also when it could not be written: the next use notes it. */
  note(secretId: string): Promise<void>;
}

/** Secrets kept at a time. */
const MOST = 10_000;

export function createSecretUses({
  clock,
  clients,
  observer,
}: Pick<RefreshPorts, "clock" | "clients" | "observer">): SecretUses {
  /** By the monotonic clock. */
  const notedAt = new Map<string, number>();
  return {
    note: async (secretId) => {
      const now = clock.monotonic();
      if (now - (notedAt.get(secretId) ?? Number.NEGATIVE_INFINITY) < MINUTE) return;
      if (notedAt.size >= MOST) notedAt.clear();
      notedAt.set(secretId, now);
      try {
        await clients.markSecretUsed(secretId);
      } catch (error) {
        notedAt.delete(secretId);
        observer.event("store.failed", { code: codeOf(error) });
      }
    },
  };
}
