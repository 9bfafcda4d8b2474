import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { Connection } from "../api/connections.ts";
import { nameOf } from "../connection/name-of.ts";
import { StatusBadge } from "../design/status-badge.tsx";
import { Time } from "../design/time.tsx";
import { causeWords } from "./cause-words.ts";
import styles from "./rows.module.css";

interface RowProps {
  connection: Connection;
  /** Whether it leads to the connection. */
  open: boolean;
  index: number;
  /** Where it is in the list, in pixels. */
  top: number;
  height: number;
}

/** One connection; the whole row is the link. It is drawn once, however the list is scrolled. */
export const Row = memo(function Row({ connection, open, index, top, height }: RowProps) {
  const { id, status, diagnosis, end_user, provider, status_since, last_proven_at } = connection;
  return (
    <tr
      aria-rowindex={index + 2}
      className={`${styles["row"]} ${styles["data"]}`}
      style={{ insetBlockStart: top, blockSize: height }}
    >
      <td className={styles["name"]}>
        {open ? (
          <Link to="/connections/$id" params={{ id }} className={styles["link"]}>
            {nameOf(connection)}
          </Link>
        ) : (
          <span className={styles["link"]}>{nameOf(connection)}</span>
        )}
        <span className={styles["soft"]}>{end_user ?? id}</span>
      </td>
      <td className={styles["status"]}>
        <StatusBadge status={status} />
      </td>
      <td className={styles["cause"]}>{diagnosis && causeWords(diagnosis.cause)}</td>
      <td className={styles["provider"]}>{provider}</td>
      <td className={styles["when"]} data-head="Changed">
        <Time at={status_since} />
      </td>
      <td className={styles["proven"]} data-head="Proven">
        <Time at={last_proven_at} />
      </td>
    </tr>
  );
});
