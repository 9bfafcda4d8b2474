import { useInfiniteQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { auditQuery, type AuditEntry } from "../api/audit.ts";
import { EmptyState } from "../design/empty-state.tsx";
import { Page } from "../design/page.tsx";
import { Paged } from "../design/paged.tsx";
import { Table, type Column } from "../design/table.tsx";
import { Time } from "../design/time.tsx";
import { actWords } from "./act-words.ts";
import { AuditFilterForm } from "./audit-filter-form.tsx";
import { Detail } from "./detail.tsx";
import { Subject } from "./subject.tsx";
import { TakingAlong } from "./taking-along.tsx";
import { whoOf } from "./who.ts";
import styles from "./audit.module.css";

/** Who changed what, newest first. */
export function Audit() {
  const filters = useSearch({ from: "/audit" });
  const list = useInfiniteQuery(auditQuery(filters));
  return (
    <Page title="Audit">
      <AuditFilterForm filters={filters} />
      <Paged
        list={list}
        what="entries"
        rowsOf={({ entries }) => entries}
        none={
          <EmptyState title="Nothing was changed">
            <p>Whatever a person or an API key changes is written down here, and nobody can delete it.</p>
          </EmptyState>
        }
      >
        {(entries: readonly AuditEntry[]) => (
          <Table caption="Acts, newest first" columns={COLUMNS} rows={entries} keyOf={({ seq }) => String(seq)} />
        )}
      </Paged>
      <TakingAlong />
    </Page>
  );
}

const COLUMNS: readonly Column<AuditEntry>[] = [
  { head: "When", cell: ({ at }) => <Time at={at} /> },
  { head: "Who", cell: (entry) => <Who entry={entry} /> },
  {
    head: "What",
    cell: ({ act, detail }) => (
      <>
        {actWords(act)}
        <Detail detail={detail} />
      </>
    ),
  },
  { head: "To what", cell: ({ object }) => <Subject id={object} /> },
  { head: "From", cell: ({ from }) => from ?? "not known" },
  { head: "Number", numeric: true, cell: ({ seq }) => seq },
];

function Who({ entry }: { entry: AuditEntry }) {
  const { name, kind } = whoOf(entry);
  return (
    <>
      <span className={styles["name"]}>{name}</span>
      <span className={styles["kind"]}>{kind}</span>
    </>
  );
}
