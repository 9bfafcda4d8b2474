import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { seriesQuery, type Span } from "../api/refreshes.ts";
import { Card } from "../design/card.tsx";
import { Choices } from "../design/choices.tsx";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { RequestChart } from "./request-chart.tsx";

/** Token requests and what came of them, over an hour, a day or a month. */
export function Requests() {
  const [span, setSpan] = useState<Span>("day");
  const found = useQuery({ ...seriesQuery(span), placeholderData: keepPreviousData });
  return (
    <Card title="Token requests">
      <Choices label="Span" choices={SPAN_WORDS} chosen={span} choose={setSpan} />
      {found.isPending && <Loading what="token requests" />}
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.data && <RequestChart series={found.data} span={span} />}
    </Card>
  );
}

const SPAN_WORDS: readonly (readonly [Span, string])[] = [
  ["hour", "Last hour"],
  ["day", "Last day"],
  ["month", "Last 30 days"],
];
