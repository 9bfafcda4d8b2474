import type { ReactNode } from "react";
import styles from "./check-boxes.module.css";

interface CheckBoxesProps<Value extends string> {
  label: string;
  choices: readonly (readonly [value: Value, words: string, meaning?: ReactNode])[];
  chosen: readonly Value[];
  choose: (values: Value[]) => void;
}

/** Any of a few, each with what it means. */
export function CheckBoxes<Value extends string>({ label, choices, chosen, choose }: CheckBoxesProps<Value>) {
  const toggle = (value: Value): void => {
    const kept = chosen.filter((each) => each !== value);
    choose(kept.length < chosen.length ? kept : [...chosen, value]);
  };
  return (
    <fieldset className={styles["boxes"]}>
      <legend className={styles["legend"]}>{label}</legend>
      {choices.map(([value, words, meaning]) => (
        <label key={value} className={styles["box"]}>
          <input type="checkbox" checked={chosen.includes(value)} onChange={() => toggle(value)} />
          <span>
            {words}
            {meaning !== undefined && <span className={styles["meaning"]}>{meaning}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
