import { TriangleAlert } from "lucide-react";
import styles from "./pitfall-list.module.css";

/** What goes wrong at a provider, a sentence each. */
export function PitfallList({ pitfalls }: { pitfalls: readonly string[] }) {
  if (pitfalls.length === 0) return null;
  return (
    <ul className={styles["pitfalls"]}>
      {pitfalls.map((pitfall) => (
        <li key={pitfall}>
          <TriangleAlert size={16} aria-label="Pitfall:" />
          {pitfall}
        </li>
      ))}
    </ul>
  );
}
