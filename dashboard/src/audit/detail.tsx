import type { AuditEntry } from "../api/audit.ts";
import { plain } from "../design/plain.ts";
import styles from "./audit.module.css";

/** Who did it has a column of its own. */
const SHOWN_ELSEWHERE: ReadonlySet<string> = new Set(["operator_email", "operator_session"]);

export function Detail({ detail }: Pick<AuditEntry, "detail">) {
  const said = Object.entries(detail).filter(([name, value]) => value !== null && !SHOWN_ELSEWHERE.has(name));
  if (said.length === 0) return null;
  return <span className={styles["kind"]}>{said.map(([name, value]) => `${plain(name)}: ${value}`).join(" · ")}</span>;
}
