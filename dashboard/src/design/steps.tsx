import { Check } from "lucide-react";
import styles from "./steps.module.css";

interface StepsProps {
  /** What the steps lead to, for whoever hears it. */
  label: string;
  steps: readonly string[];
  /** How many are done. */
  done: number;
}

/** Where somebody is on a way of a few steps. */
export function Steps({ label, steps, done }: StepsProps) {
  return (
    <ol className={styles["steps"]} aria-label={label}>
      {steps.map((step, index) => (
        <li key={step} className={styles["step"]} {...(index === done && { "aria-current": "step" as const })}>
          <span className={styles["sign"]} aria-hidden="true">
            {index < done ? <Check size={14} /> : index + 1}
          </span>
          {step}
          {index < done && <span className={styles["heard"]}>, done</span>}
        </li>
      ))}
    </ol>
  );
}
