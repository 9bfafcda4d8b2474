import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { deliveriesQuery, type Delivery, type DeliveryState } from "../api/deliveries.ts";
import type { Endpoint } from "../api/webhooks.ts";
import { Card } from "../design/card.tsx";
import { Choices } from "../design/choices.tsx";
import { Paged } from "../design/paged.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Time } from "../design/time.tsx";
import { codeWords } from "./code-words.ts";
import styles from "./deliveries.module.css";
import { DeliveryBadge } from "./delivery-badge.tsx";
import { ReplayMany } from "./replay-many.tsx";
import { ReplayOne } from "./replay-one.tsx";

const SHOWN = [
  ["all", "All"],
  ["pending", "On their way"],
  ["delivered", "Delivered"],
  ["given_up", "Given up"],
  ["cancelled", "Cancelled"],
] as const satisfies readonly (readonly [DeliveryState | "all", string])[];

/** What became of each event at the endpoint. */
export function Deliveries({ endpoint, mayWrite }: { endpoint: Endpoint; mayWrite: boolean }) {
  const [shown, setShown] = useState<DeliveryState | "all">("all");
  const list = useInfiniteQuery(deliveriesQuery(endpoint.id, shown === "all" ? undefined : shown));
  return (
    <Card title="Deliveries">
      <Choices label="Which deliveries" choices={SHOWN} chosen={shown} choose={setShown} />
      <Paged
        list={list}
        what="deliveries"
        rowsOf={({ deliveries }) => deliveries}
        none={<p>{shown === "all" ? "No event was sent in the last 30 days." : "None."}</p>}
      >
        {(deliveries: readonly Delivery[]) => (
          <Table
            caption="Deliveries, newest first"
            columns={mayWrite ? [...COLUMNS, replayColumn(endpoint)] : COLUMNS}
            rows={deliveries}
            keyOf={({ id }) => id}
          />
        )}
      </Paged>
      {mayWrite && <ReplayMany endpoint={endpoint} />}
    </Card>
  );
}

const COLUMNS: readonly Column<Delivery>[] = [
  { head: "Event", cell: ({ type }) => type },
  { head: "State", cell: ({ state }) => <DeliveryBadge state={state} /> },
  { head: "Attempts", numeric: true, cell: ({ attempts }) => attempts },
  { head: "Last answer", cell: (delivery) => <Answer delivery={delivery} /> },
  { head: "Event of", cell: ({ created_at }) => <Time at={created_at} /> },
  { head: "Next attempt", cell: ({ next_attempt_at }) => <Time at={next_attempt_at} none="none" /> },
];

function Answer({ delivery: { last_attempt_at, last_status, last_code } }: { delivery: Delivery }) {
  if (last_attempt_at === null) return "not sent yet";
  return (
    <>
      {last_code === null ? last_status : codeWords(last_code, last_status)}
      <span className={styles["when"]}>
        <Time at={last_attempt_at} />
      </span>
    </>
  );
}

function replayColumn({ id }: Endpoint): Column<Delivery> {
  return {
    head: "Again",
    cell: (delivery) => (delivery.state === "pending" ? null : <ReplayOne endpoint={id} delivery={delivery} />),
  };
}
