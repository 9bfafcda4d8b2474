import styles from "./choices.module.css";

interface ChoicesProps<Value extends string> {
  /** What is chosen, for whoever hears it. */
  label: string;
  choices: readonly (readonly [value: Value, words: string])[];
  chosen: Value;
  choose: (value: Value) => void;
}

/** One of a few, all in sight. */
export function Choices<Value extends string>({ label, choices, chosen, choose }: ChoicesProps<Value>) {
  return (
    <fieldset className={styles["choices"]}>
      <legend className={styles["legend"]}>{label}</legend>
      {choices.map(([value, words]) => (
        <button
          key={value}
          type="button"
          className={styles["choice"]}
          aria-pressed={value === chosen}
          onClick={() => choose(value)}
        >
          {words}
        </button>
      ))}
    </fieldset>
  );
}
