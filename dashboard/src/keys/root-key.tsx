import { useQuery } from "@tanstack/react-query";
import { rootKeysQuery, rotateRoot, type RootKeys } from "../api/keys.ts";
import { Card } from "../design/card.tsx";
import { Confirm } from "../design/confirm.tsx";
import { counted } from "../design/counted.ts";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { Table, type Column } from "../design/table.tsx";
import { RootKeySteps } from "./root-key-steps.tsx";
import styles from "./keys.module.css";

interface WrappingKey {
  fingerprint: string;
  wraps: number;
  isCurrent: boolean;
}

/** The key that wraps the tenants' keys. It is a setting, so the page says how to change it and does the one step in between. */
export function RootKey() {
  const root = useQuery(rootKeysQuery);
  if (root.isPending) return <Loading what="the root key" />;
  if (root.isError) return <Failure error={root.error} retry={() => void root.refetch()} />;
  const keys = keysIn(root.data);
  const byOlder = keys.filter((key) => !key.isCurrent).reduce((sum, { wraps }) => sum + wraps, 0);
  return (
    <Card title="Root key">
      <Table caption="Root keys" columns={COLUMNS} rows={keys} keyOf={({ fingerprint }) => fingerprint} />
      {byOlder === 0 ? (
        <p>Everything is wrapped by the current root key. No older one is needed, but by backups from before.</p>
      ) : (
        <div className={styles["act"]}>
          <p>
            {counted(byOlder, "tenant key is", "tenant keys are")} still wrapped by an older root key, which the service
            needs for so long. Wrap them with the current one.
          </p>
          <Confirm
            action="Wrap all with the current one"
            title="Wrap every tenant key with the current root key?"
            consequence="It takes a moment, and nothing stops. Every process has to have the current root key by now; older root keys are needed only by backups afterwards."
            harmless
            run={rotateRoot}
          />
        </div>
      )}
      <RootKeySteps />
    </Card>
  );
}

function keysIn({ fingerprint, wraps }: RootKeys): WrappingKey[] {
  const older = Object.entries(wraps).filter(([each]) => each !== fingerprint);
  return [
    { fingerprint, wraps: wraps[fingerprint] ?? 0, isCurrent: true },
    ...older.map(([each, count]) => ({ fingerprint: each, wraps: count, isCurrent: false })),
  ];
}

const COLUMNS: readonly Column<WrappingKey>[] = [
  { head: "Fingerprint", cell: ({ fingerprint }) => <code>{fingerprint}</code> },
  { head: "State", cell: ({ isCurrent }) => (isCurrent ? "Current" : "Older") },
  { head: "Tenant keys wrapped", cell: ({ wraps }) => wraps.toLocaleString("en"), numeric: true },
];
