import { DEFAULT_TENANT } from "../access/store.ts";
import { DAY, MINUTE } from "../runtime/clock.ts";
import {
  DISABLED_AFTER,
  WARNED_AFTER,
  type ClaimedDelivery,
  type DeliveryEnd,
  type DeliveryState,
  type EndpointTurn,
} from "../event/webhook-delivery.ts";
import type { DisabledReason } from "../event/webhook-endpoint.ts";
import { fromNow } from "./client-secret-rows.ts";
import type { Queries } from "./database.ts";
import { egNow } from "./now.ts";

/** `DeliveryStore.note` says how. */
export async function noteDelivery(
  queries: Queries,
  delivery: ClaimedDelivery,
  end: DeliveryEnd,
): Promise<EndpointTurn> {
  switch (end.kind) {
    case "delivered":
      await pendingOne(queries, delivery)
        .set({ ...lastOf(end), ...ended("delivered") })
        .execute();
      await noteSuccess(queries, delivery.endpointId);
      return null;
    case "cancelled":
      await pendingOne(queries, delivery).set(ended("cancelled")).execute();
      return null;
    case "failed":
      return noteFailure(queries, delivery, end);
  }
}

function pendingOne(queries: Queries, { id }: ClaimedDelivery) {
  return queries
    .updateTable("webhook_deliveries")
    .where("id", "=", id.replace(/^whd_/, ""))
    .where("state", "=", "pending");
}

function lastOf({ outcome: { status, code } }: Extract<DeliveryEnd, { kind: "delivered" | "failed" }>) {
  return { last_at: egNow, last_status: status, last_code: code, claimed_until: 0 };
}

function ended(state: DeliveryState) {
  return { state, finished_at: egNow };
}

/** Told once a minute: an endpoint of which all is well is written no oftener. */
async function noteSuccess(queries: Queries, endpointId: string): Promise<void> {
  await queries
    .updateTable("webhook_endpoints")
    .set({ last_success_at: egNow, failing_since: null, warned_at: null })
    .where("id", "=", endpointId)
    .where((where) =>
      where.or([
        where("failing_since", "is not", null),
        where("last_success_at", "is", null),
        where("last_success_at", "<=", fromNow(-MINUTE)),
      ]),
    )
    .execute();
}

async function noteFailure(
  queries: Queries,
  delivery: ClaimedDelivery,
  end: Extract<DeliveryEnd, { kind: "failed" }>,
): Promise<EndpointTurn> {
  const isGone = end.outcome.status === GONE;
  const next = end.retryInMs === null || isGone ? ended("given_up") : { next_at: fromNow(end.retryInMs) };
  const { numUpdatedRows } = await pendingOne(queries, delivery)
    .set({ ...lastOf(end), ...next })
    .where("attempts", "=", delivery.attempt)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) return null;
  const { endpointId } = delivery;
  if (isGone) return (await disable(queries, endpointId, "gone")) ? "disabled" : null;
  await enabled(queries, endpointId).set({ failing_since: egNow }).where("failing_since", "is", null).execute();
  if (await disableFailing(queries, endpointId)) return "disabled";
  return warn(queries, endpointId, end.mailOperators);
}

/** RFC 9110 §15.5.11: it will not be back. */
const GONE = 410;

function enabled(queries: Queries, id: string) {
  return queries.updateTable("webhook_endpoints").where("id", "=", id).where("disabled_reason", "is", null);
}

async function disable(queries: Queries, id: string, reason: DisabledReason): Promise<boolean> {
  const disabled = enabled(queries, id).set({ disabled_reason: reason, disabled_at: egNow });
  return (await disabled.executeTakeFirstOrThrow()).numUpdatedRows > 0n;
}

/** Only a day after the warning, however long nothing was sent before it. */
async function disableFailing(queries: Queries, id: string): Promise<boolean> {
  const { numUpdatedRows } = await enabled(queries, id)
    .set({ disabled_reason: "failing" satisfies DisabledReason, disabled_at: egNow })
    .where("failing_since", "<=", fromNow(-DISABLED_AFTER))
    .where("warned_at", "<=", fromNow(-DAY))
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

async function warn(queries: Queries, id: string, mailOperators: boolean): Promise<EndpointTurn> {
  const { numUpdatedRows } = await enabled(queries, id)
    .set({ warned_at: egNow })
    .where("failing_since", "<=", fromNow(-WARNED_AFTER))
    .where("warned_at", "is", null)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) return null;
  if (mailOperators) {
    const mail = { tenant_id: DEFAULT_TENANT, kind: "endpoint_failing", endpoint_id: id, created_at: egNow };
    await queries.insertInto("mails").values(mail).execute();
  }
  return "warned";
}
