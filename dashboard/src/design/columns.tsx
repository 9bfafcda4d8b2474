import type { ReactNode } from "react";
import styles from "./columns.module.css";

/** What is looked at first, and beside it, where there is room, what belongs to it. */
export function Columns({ first, second }: { first: ReactNode; second: ReactNode }) {
  return (
    <div className={styles["columns"]}>
      <div className={styles["column"]}>{first}</div>
      <div className={styles["column"]}>{second}</div>
    </div>
  );
}
