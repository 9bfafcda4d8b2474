import { useQuery } from "@tanstack/react-query";
import { readsQuery, type TokenReads } from "../api/connection.ts";
import { Card } from "../design/card.tsx";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Time } from "../design/time.tsx";

/** Which keys were handed its access token in the last week, and how often. */
export function Reads({ id }: { id: string }) {
  const found = useQuery(readsQuery(id));
  return (
    <Card title="Who read its token, last 7 days">
      {found.isPending && <Loading what="the reads" />}
      {found.isError && <Failure error={found.error} retry={() => void found.refetch()} />}
      {found.data?.reads.length === 0 && <p>Nobody. Reads are shown up to a minute late.</p>}
      {found.data && found.data.reads.length > 0 && (
        <Table caption="Reads by API key" columns={COLUMNS} rows={byKey(found.data.reads)} keyOf={({ key }) => key} />
      )}
    </Card>
  );
}

interface Reader {
  key: string;
  count: number;
  last: string;
}

const COLUMNS: readonly Column<Reader>[] = [
  { head: "API key", cell: ({ key }) => <code>{key}</code> },
  { head: "Reads", numeric: true, cell: ({ count }) => count.toLocaleString("en") },
  { head: "Last, in the hour of", cell: ({ last }) => <Time at={last} /> },
];

function byKey(reads: readonly TokenReads[]): Reader[] {
  const readers = new Map<string, Reader>();
  for (const { key_id: key, count, hour } of reads) {
    const before = readers.get(key) ?? { key, count: 0, last: hour };
    readers.set(key, { key, count: before.count + count, last: hour > before.last ? hour : before.last });
  }
  return [...readers.values()].toSorted((one, other) => other.count - one.count);
}
