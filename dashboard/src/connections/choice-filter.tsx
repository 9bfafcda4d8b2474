import { Field } from "../design/field.tsx";
import { TextFilter } from "./text-filter.tsx";

export type Choice<Value extends string = string> = readonly [value: Value, words: string];

interface ChoiceFilterProps {
  label: string;
  /** What it says when nothing is chosen. */
  all: string;
  value: string | undefined;
  choices: readonly Choice[];
  /** There are more than these, so that what is wanted has to be written. */
  isPart?: boolean;
  /** The empty string for all. */
  choose: (value: string) => void;
}

export function ChoiceFilter({ label, all, value = "", choices, isPart = false, choose }: ChoiceFilterProps) {
  if (isPart) return <TextFilter label={label} hint="The id" value={value} commit={choose} />;
  const isForeign = value !== "" && !choices.some(([each]) => each === value);
  return (
    <Field label={label}>
      {(id) => (
        <select id={id} value={value} onChange={({ target }) => choose(target.value)}>
          <option value="">{all}</option>
          {isForeign && <option value={value}>{value}</option>}
          {choices.map(([each, words]) => (
            <option key={each} value={each}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
