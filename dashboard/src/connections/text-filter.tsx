import { useEffect, useRef, useState } from "react";
import { Field } from "../design/field.tsx";

interface TextFilterProps {
  label: string;
  /** What can be written. */
  hint: string;
  value: string;
  /** What has to be written before it can take effect; anything unless given. */
  pattern?: RegExp;
  commit: (text: string) => void;
}

const PAUSE = 300;

/** Takes effect when whoever writes pauses; follows the address when that goes elsewhere. */
export function TextFilter({ label, hint, value, pattern, commit }: TextFilterProps) {
  const [text, setText] = useState(value);
  const committed = useRef(value);
  useEffect(() => {
    if (value === committed.current) return;
    committed.current = value;
    setText(value);
  }, [value]);
  useEffect(() => {
    const wanted = text.trim();
    if (wanted === committed.current || !isWhole(wanted, pattern)) return undefined;
    const pause = setTimeout(() => {
      committed.current = wanted;
      commit(wanted);
    }, PAUSE);
    return () => clearTimeout(pause);
  }, [text, pattern, commit]);
  return (
    <Field label={label}>
      {(id) => (
        <input
          id={id}
          type="search"
          maxLength={200}
          placeholder={hint}
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
      )}
    </Field>
  );
}

function isWhole(text: string, pattern: RegExp | undefined): boolean {
  return text === "" || pattern === undefined || pattern.test(text);
}
