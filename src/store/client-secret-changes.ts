import {
  GRACE,
  MOST_LIVE,
  PROOFS,
  type Addition,
  type NewSecret,
  type Promotion,
  type ProvenRefusal,
  type Retirement,
  type SecretState,
} from "../client/client-secret.ts";
import {
  ERASED,
  fromNow,
  insert,
  list,
  live,
  NOT_REFUSED,
  NOT_RETIRED,
  ofClient,
  retired,
} from "./client-secret-rows.ts";
import type { Queries } from "./database.ts";
import { egNow } from "./now.ts";

/** The first secret of a client, in the transaction that makes it. */
export async function insertFirst(queries: Queries, clientId: string, secret: NewSecret): Promise<void> {
  await insert(queries, clientId, { ...secret, state: "active" });
}

export async function eraseAll(queries: Queries, clientId: string): Promise<void> {
  await queries.updateTable("client_secrets").set(ERASED).where("client_id", "=", clientId).execute();
}

export async function endSuspension(queries: Queries, id: string): Promise<boolean> {
  const ended = await queries
    .updateTable("clients")
    .set({ suspended_cause: null, suspended_code: null, suspended_since: null, probe_at: null })
    .where("id", "=", id)
    .where("suspended_since", "is not", null)
    .executeTakeFirst();
  return ended.numUpdatedRows > 0n;
}

export async function stage(
  queries: Queries,
  clientId: string,
  secret: NewSecret & { promotesItself: boolean },
): Promise<Addition> {
  // Whoever adds another one has seen that the last one was not right.
  await ofClient(queries, clientId)
    .set({ ...ERASED, ...retired(secret.createdBy ?? null) })
    .where("state", "!=", "active")
    .where("refused_at", "is not", null)
    .execute();
  const there = await live(queries, clientId);
  if (there.length >= MOST_LIVE) return "full";
  const isFirst = there.every(({ state }) => state !== "active");
  await insert(
    queries,
    clientId,
    isFirst ? { ...secret, state: "active", promotesItself: false } : { ...secret, state: "staged" },
  );
  return "added";
}

interface Replacement {
  clientId: string;
  secret: NewSecret;
  keepMs: number;
  makesRoom: boolean;
}

export async function replace(
  queries: Queries,
  { clientId, secret, keepMs, makesRoom }: Replacement,
): Promise<Addition> {
  const by = secret.createdBy ?? null;
  const there = await live(queries, clientId);
  const others = there.filter(({ state, refusal }) => state !== "active" && refusal === null);
  if (others.length > 0 && !makesRoom) return "full";
  await ofClient(queries, clientId)
    .set({ ...ERASED, ...retired(by) })
    .where("state", "=", "staged")
    .execute();
  await ofClient(queries, clientId).set(ERASED).where("state", "=", "retired").execute();
  const kept = keepMs > 0 ? { kept_until: fromNow(keepMs) } : ERASED;
  const { numUpdatedRows } = await ofClient(queries, clientId)
    .set({ ...retired(by), ...kept })
    .where("state", "=", "active")
    .executeTakeFirst();
  await insert(queries, clientId, { ...secret, state: "active", tookAPlace: numUpdatedRows > 0n });
  await endSuspension(queries, clientId);
  return "added";
}

export async function promote(
  queries: Queries,
  { clientId, id, by, force }: { clientId: string; id: string; by: string; force: boolean },
): Promise<Promotion> {
  const staged = (await live(queries, clientId)).find((secret) => secret.id === id);
  if (staged?.state !== "staged") return "not_staged";
  if (staged.refusal !== null && !force) return "refused";
  if (staged.provenCount < PROOFS && !force) return "unproven";
  await takePlace(queries, { clientId, id, by });
  return "promoted";
}

/** The one before is kept: the server that is asked next may not know of the change yet. */
async function takePlace(
  queries: Queries,
  { clientId, id, by }: { clientId: string; id: string; by: string | null },
): Promise<void> {
  await ofClient(queries, clientId)
    .set({ ...retired(by), kept_until: fromNow(GRACE) })
    .where("state", "=", "active")
    .execute();
  await ofClient(queries, clientId)
    .set({
      state: "active" satisfies SecretState,
      promoted_at: egNow,
      promoted_by: by,
      ...NOT_RETIRED,
      ...NOT_REFUSED,
    })
    .where("id", "=", id)
    .execute();
  await endSuspension(queries, clientId);
}

export async function retire(
  queries: Queries,
  { clientId, id, by }: { clientId: string; id: string; by: string },
): Promise<Retirement> {
  const found = (await list(queries, [clientId])).find((secret) => secret.id === id);
  if (!found?.sealed) return "unknown";
  if (found.state === "active") return "active";
  const already = found.state === "retired" ? {} : retired(by);
  await ofClient(queries, clientId)
    .set({ ...ERASED, ...already })
    .where("id", "=", id)
    .execute();
  return "retired";
}

export async function prove(queries: Queries, clientId: string, id: string): Promise<"proven" | "promoted"> {
  const proven = await ofClient(queries, clientId)
    .set((eb) => ({ trial_until: 0, proven_count: eb("proven_count", "+", 1) }))
    .where("id", "=", id)
    .where("state", "=", "staged")
    .returning(["proven_count", "promotes_itself"])
    .executeTakeFirst();
  if (!proven || proven.promotes_itself === 0 || proven.proven_count < PROOFS) return "proven";
  await takePlace(queries, { clientId, id, by: null });
  return "promoted";
}

export async function noteRefusal(
  queries: Queries,
  { clientId, refused, acceptedId }: ProvenRefusal,
): Promise<"refused" | "switched" | "unchanged"> {
  const there = await live(queries, clientId);
  const bad = there.find(({ id }) => id === refused.id);
  const good = there.find(({ id }) => id === acceptedId);
  const note = { refused_at: egNow, refused_code: refused.code, trial_until: 0, promotes_itself: 0 };
  const ofBad = ofClient(queries, clientId).where("id", "=", refused.id);
  if (bad?.state === "staged" && bad.refusal === null) {
    await ofBad.set(note).execute();
    return "refused";
  }
  if (bad?.state !== "active" || !good || good.state === "active") return "unchanged";
  await takePlace(queries, { clientId, id: good.id, by: null });
  // Its successor was promoted too early, or is wrong: it is for the operator to say.
  const again = { state: "staged" satisfies SecretState, ...NOT_RETIRED };
  await ofBad.set(good.state === "retired" ? { ...note, ...again } : note).execute();
  return "switched";
}
