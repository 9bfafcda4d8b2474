import styles from "./progress.module.css";

interface ProgressProps {
  label: string;
  done: number;
  of: number;
  /** The same in words, which stand beside it. */
  words: string;
}

/** How much of something is done. */
export function Progress({ label, done, of, words }: ProgressProps) {
  return (
    <div className={styles["progress"]}>
      <progress aria-label={label} aria-valuetext={words} value={done} max={Math.max(of, 1)} />
      <span>{words}</span>
    </div>
  );
}
