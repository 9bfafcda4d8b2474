import { retireVersion, type TenantKeys } from "../api/keys.ts";
import { Confirm } from "../design/confirm.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Time, useNow } from "../design/time.tsx";

type Version = TenantKeys["versions"][number];

interface VersionsProps {
  tenant: string;
  versions: readonly Version[];
}

/** Newest first; each with what still keeps it alive. */
export function Versions({ tenant, versions }: VersionsProps) {
  const rows = versions.toSorted((a, b) => b.version - a.version);
  return (
    <Table
      caption="Versions of the key"
      columns={columnsFor(tenant, rows[0])}
      rows={rows}
      keyOf={({ version }) => String(version)}
    />
  );
}

function columnsFor(tenant: string, newest: Version | undefined): readonly Column<Version>[] {
  return [
    { head: "Version", cell: ({ version }) => version },
    { head: "Made", cell: ({ created_at }) => <Time at={created_at} /> },
    { head: "Values that need it", cell: ({ values }) => values.toLocaleString("en"), numeric: true },
    { head: "State", cell: (version) => <State version={version} newest={newest?.version} /> },
    {
      head: "What can be done",
      cell: (version) => <Retirement tenant={tenant} version={version} newest={newest} />,
    },
  ];
}

/** A retired one is kept for so long, because a journal may hold what it sealed. */
const KEPT = 8 * 86_400_000;

interface StateProps {
  version: Version;
  newest: number | undefined;
}

function State({ version: { version, retired_at: retiredAt, values }, newest }: StateProps) {
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

/** Every instance has heard of the newest one by then, and seals with no other (docs/keys.md). */
const SETTLED = 120_000;

interface RetirementProps {
  tenant: string;
  version: Version;
  newest: Version | undefined;
}

function Retirement({ tenant, version, newest }: RetirementProps) {
  const now = useNow();
  if (newest === undefined || version === newest || version.retired_at !== null || version.values > 0) {
    return <>Nothing is to be done</>;
  }
  const settledAt = Date.parse(newest.created_at) + SETTLED;
  if (now >= settledAt) return <Retire tenant={tenant} version={version.version} />;
  return (
    <>
      It can be retired <Time at={new Date(settledAt).toISOString()} />
    </>
  );
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
