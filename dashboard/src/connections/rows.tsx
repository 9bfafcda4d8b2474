import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useState } from "react";
import type { Connection } from "../api/connections.ts";
import { useNarrow } from "../design/use-narrow.ts";
import { Row } from "./row.tsx";
import styles from "./rows.module.css";

interface RowsProps {
  rows: readonly Connection[];
  /** Whether a row leads to its connection. */
  open: boolean;
  hasMore: boolean;
  loadMore: () => void;
}

/** Of all rows only those in sight are in the page; a screen reader is told how many there are and which one it is at. */
export function Rows({ rows, open, hasMore, loadMore }: RowsProps) {
  const isNarrow = useNarrow();
  const [scrollMargin, body] = useTop();
  const height = isNarrow ? CARD_HEIGHT : ROW_HEIGHT;
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoized by a compiler
  const virtualizer = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => height,
    gap: isNarrow ? CARD_GAP : 0,
    overscan: 15,
    scrollMargin,
    getItemKey: useCallback((index: number) => rows[index]?.id ?? index, [rows]),
  });
  useEffect(() => virtualizer.measure(), [virtualizer, height]);
  const inSight = virtualizer.getVirtualItems();
  const last = inSight.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= rows.length - AHEAD) loadMore();
  }, [hasMore, last, rows.length, loadMore]);
  return (
    <table aria-label="Connections" aria-rowcount={hasMore ? -1 : rows.length + 1} className={styles["table"]}>
      <thead className={styles["head"]}>
        <tr aria-rowindex={1} className={styles["row"]}>
          {HEADS.map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body} className={styles["body"]} style={{ blockSize: virtualizer.getTotalSize() }}>
        {inSight.map(({ index, key, start }) => {
          const connection = rows[index];
          return (
            connection && (
              <Row
                key={key}
                connection={connection}
                open={open}
                index={index}
                top={start - scrollMargin}
                height={height}
              />
            )
          );
        })}
      </tbody>
    </table>
  );
}

const HEADS = ["Account", "Status", "What is wrong", "Provider", "Changed", "Last proven"];

/** As rows.module.css draws them, in pixels. */
const ROW_HEIGHT = 56;
const CARD_HEIGHT = 120;
const CARD_GAP = 8;

/** The next page is asked for when so few rows are left below. */
const AHEAD = 60;

/** How far below the top of the page the element begins that gets this as its ref. */
function useTop(): [top: number, ref: (element: HTMLElement | null) => void] {
  const [top, setTop] = useState(0);
  const measure = useCallback((element: HTMLElement | null) => {
    if (element) setTop(Math.round(element.getBoundingClientRect().top + window.scrollY));
  }, []);
  return [top, measure];
}
