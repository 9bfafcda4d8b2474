import { useId, type ReactNode } from "react";
import styles from "./field.module.css";

interface FieldProps {
  label: string;
  /** What to know before it is filled in. */
  hint?: ReactNode;
  /** What is wrong with what stands in it. */
  error?: string | undefined;
  /** The input, with the id that its label names and that of what describes it. */
  children: (id: string, described: string | undefined) => ReactNode;
}

export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const described = hint !== undefined || error !== undefined ? `${id}-about` : undefined;
  return (
    <div className={styles["field"]}>
      <label htmlFor={id}>{label}</label>
      {children(id, described)}
      {described !== undefined && (
        <p id={described} className={styles["about"]}>
          {error !== undefined && <strong className={styles["error"]}>{error} </strong>}
          {hint}
        </p>
      )}
    </div>
  );
}
