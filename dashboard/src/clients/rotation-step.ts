import type { Client, ClientSecret } from "../api/client-shapes.ts";

/** Where the change of a client's secret stands. */
export type RotationStep =
  | { kind: "settled" }
  | { kind: "missing" }
  | { kind: "on_trial"; staged: ClientSecret }
  | { kind: "refused"; staged: ClientSecret; code: string }
  | { kind: "proven"; staged: ClientSecret }
  | { kind: "kept"; former: ClientSecret };

/** Refreshes that have to succeed with a new secret before it is relied upon. */
export const PROOFS = 3;

export const STEPS = ["Add the new one", "Try it", "Promote it", "Let the old one end"];

/** How many of `STEPS` are done. */
export const DONE = {
  settled: 0,
  missing: 0,
  on_trial: 1,
  refused: 1,
  proven: 2,
  kept: 3,
} as const satisfies Record<RotationStep["kind"], number>;

export function stepOf({ suspension }: Pick<Client, "suspension">, secrets: readonly ClientSecret[]): RotationStep {
  const live = secrets.filter((secret) => !secret.is_erased);
  const staged = live.find(({ state }) => state === "staged");
  if (staged?.refusal) return { kind: "refused", staged, code: staged.refusal.code };
  if (staged) return { kind: staged.proven_count >= PROOFS ? "proven" : "on_trial", staged };
  if (suspension?.cause === "client_secret_rejected") return { kind: "missing" };
  const former = live.find(({ state }) => state === "retired");
  return former ? { kind: "kept", former } : { kind: "settled" };
}
