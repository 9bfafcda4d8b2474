import { retireVersion, type TenantKeys } from "../api/keys.ts";
import { Confirm } from "../design/confirm.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Time } from "../design/time.tsx";

type Version = TenantKeys["versions"][number];

interface VersionsProps {
  tenant: string;
  versions: readonly Version[];
}

/** Newest first; each with what still keeps it alive. */
export function Versions({ tenant, versions }: VersionsProps) {
  const newest = Math.max(...versions.map(({ version }) => version));
  const rows = versions.toSorted((a, b) => b.version - a.version);
  return (
    <Table
      caption="Versions of the key"
      columns={columnsFor(tenant, newest)}
      rows={rows}
      keyOf={({ version }) => String(version)}
    />
  );
}

function columnsFor(tenant: string, newest: number): readonly Column<Version>[] {
  return [
    { head: "Version", cell: ({ version }) => version },
    { head: "Made", cell: ({ created_at }) => <Time at={created_at} /> },
    { head: "Values that need it", cell: ({ values }) => values.toLocaleString("en"), numeric: true },
    { head: "State", cell: (version) => <State version={version} newest={newest} /> },
    {
      head: "What can be done",
      cell: (version) =>
        isRetirable(version, newest) ? <Retire tenant={tenant} version={version.version} /> : "Nothing is to be done",
    },
  ];
}

/** A retired one is kept for so long, because a journal may hold what it sealed. */
const KEPT = 8 * 86_400_000;

function State({ version: { version, retired_at: retiredAt, values }, newest }: { version: Version; newest: number }) {
  if (version === newest) return <>Seals everything from now on</>;
  if (retiredAt !== null) {
    return (
      <>
        Retired; deleted <Time at={new Date(Date.parse(retiredAt) + KEPT).toISOString()} />, because a journal may hold
        what it sealed
      </>
    );
  }
  return <>{values > 0 ? "Opens what is not sealed anew yet" : "Nothing needs it any more"}</>;
}

function isRetirable({ version, retired_at: retiredAt, values }: Version, newest: number): boolean {
  return version !== newest && retiredAt === null && values === 0;
}

function Retire({ tenant, version }: { tenant: string; version: number }) {
  return (
    <Confirm
      action={`Retire version ${version}`}
      title={`Retire version ${version}?`}
      consequence="Nothing needs it any more. It is kept for eight days, because a journal may hold what it sealed, and then deleted for good. Backups keep their own copy."
      run={() => retireVersion(tenant, version)}
    />
  );
}
