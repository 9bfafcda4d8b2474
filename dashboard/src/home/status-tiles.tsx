import { Link } from "@tanstack/react-router";
import type { Overview } from "../api/overview.ts";
import { STATUS_NAMES, StatusBadge } from "../design/status-badge.tsx";
import styles from "./status-tiles.module.css";

/** How many connections are in each status; each leads to those. */
export function StatusTiles({ connections }: Pick<Overview, "connections">) {
  return (
    <nav aria-label="Connections by status">
      <ul className={styles["tiles"]}>
        {STATUS_NAMES.map(([status]) => (
          <li key={status}>
            <Link to="/connections" search={{ status, sort: "status_since" }} className={styles["tile"]}>
              <span className={styles["count"]}>{connections.by_status[status].toLocaleString("en")}</span>
              <StatusBadge status={status} />
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
