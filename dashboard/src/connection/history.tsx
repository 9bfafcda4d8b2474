import { useInfiniteQuery } from "@tanstack/react-query";
import { historyQuery, type HistoryEntry } from "../api/connection.ts";
import { Button } from "../design/button.tsx";
import { Card } from "../design/card.tsx";
import { Failure } from "../design/failure.tsx";
import { Loading } from "../design/loading.tsx";
import { plain } from "../design/plain.ts";
import { Time } from "../design/time.tsx";
import { wordsOf } from "./history-words.ts";
import styles from "./history.module.css";

/** What happened to the connection, newest first, a page at a time. */
export function History({ id }: { id: string }) {
  const history = useInfiniteQuery(historyQuery(id));
  return (
    <Card title="History">
      {history.isPending && <Loading what="the history" />}
      {history.isError && <Failure error={history.error} retry={() => void history.refetch()} />}
      {history.data && (
        <ol className={styles["line"]}>
          {history.data.pages.flatMap((page) => page.history.map((entry) => <Entry key={entry.id} entry={entry} />))}
        </ol>
      )}
      {history.hasNextPage && (
        <div>
          <Button quiet busy={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>
            Show older entries
          </Button>
        </div>
      )}
    </Card>
  );
}

function Entry({ entry }: { entry: HistoryEntry }) {
  const { text, tone } = wordsOf(entry);
  return (
    <li className={`${styles["entry"]} ${styles[tone]}`}>
      <p>{text}</p>
      <p className={styles["when"]}>
        <Time at={entry.at} />
      </p>
      <p className={styles["detail"]}>{factsOf(entry).join(" · ")}</p>
    </li>
  );
}

function factsOf({ generation, detail }: HistoryEntry): string[] {
  const facts = Object.entries(detail).flatMap(([name, value]) =>
    value === null ? [] : [`${plain(name)}: ${shown(name, value)}`],
  );
  return [`Generation ${generation}`, ...facts];
}

/** The store keeps times as milliseconds. */
function shown(name: string, value: string | number | boolean): string {
  if (typeof value === "number" && /_(at|until|since)$/.test(name)) return MOMENT.format(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value);
}

const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
