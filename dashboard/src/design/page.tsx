import type { ReactNode } from "react";
import styles from "./page.module.css";
import { useTitle } from "./use-title.ts";

/** A page's heading, what can be done with all of it, and its content; it names the browser's tab. */
export function Page({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  useTitle(title);
  return (
    <div className={styles["page"]}>
      <div className={styles["head"]}>
        <h1>{title}</h1>
        {actions !== undefined && <div className={styles["actions"]}>{actions}</div>}
      </div>
      {children}
    </div>
  );
}
