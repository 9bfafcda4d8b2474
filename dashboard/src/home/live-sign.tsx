import { useLiveness } from "../api/live.ts";
import { Time } from "../design/time.tsx";
import styles from "./live-sign.module.css";

/** Whether this page follows what happens, or of when it is. */
export function LiveSign() {
  const { live, at } = useLiveness();
  if (live) return <p className={`${styles["sign"]} ${styles["live"]}`}>Live</p>;
  return (
    <p className={styles["sign"]}>
      Last updated <Time at={new Date(at).toISOString()} />
    </p>
  );
}
