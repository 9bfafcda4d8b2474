import { useId, type ReactNode } from "react";
import styles from "./check-field.module.css";

interface CheckProps {
  name: string;
  label: string;
  hint?: ReactNode;
  checked?: boolean;
}

/** A field of a form that is on or off. */
export function CheckField({ name, label, hint, checked = false }: CheckProps) {
  const id = useId();
  return (
    <div className={styles["check"]}>
      <input
        id={id}
        type="checkbox"
        name={name}
        defaultChecked={checked}
        {...(hint !== undefined && { "aria-describedby": `${id}-about` })}
      />
      <label htmlFor={id}>{label}</label>
      {hint !== undefined && (
        <div id={`${id}-about`} className={styles["about"]}>
          {hint}
        </div>
      )}
    </div>
  );
}
