import { Copy } from "./copy.tsx";
import styles from "./shown-once.module.css";

interface ShownOnceProps {
  text: string;
  /** What it is, such as "the key". */
  what: string;
  /** Where it belongs. */
  use: string;
}

/** A secret that nobody can read again once whatever shows it is closed. */
export function ShownOnce({ text, what, use }: ShownOnceProps) {
  return (
    <div className={styles["shown"]}>
      <p>
        <strong>Copy {what} now. It is shown this once.</strong> {use}
      </p>
      <Copy text={text} label={what} />
    </div>
  );
}
