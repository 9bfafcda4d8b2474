import type { ReactNode } from "react";
import styles from "./facts.module.css";

/** Names and values, one below the other. */
export function Facts({ facts }: { facts: Readonly<Record<string, ReactNode>> }) {
  return (
    <dl className={styles["facts"]}>
      {Object.entries(facts).map(([name, value]) => (
        <div key={name} className={styles["fact"]}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
