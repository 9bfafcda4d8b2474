import { useState } from "react";
import { Field } from "../design/field.tsx";

const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

const KEY = "evergrant-theme";

/** Follows the system until somebody chooses. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState(storedTheme);
  const choose = (next: Theme): void => {
    localStorage.setItem(KEY, next);
    showTheme(next);
    setTheme(next);
  };
  return (
    <Field label="Colours">
      {(id) => (
        <select
          id={id}
          value={theme}
          onChange={(event) => choose(THEMES.find((each) => each === event.target.value) ?? "system")}
        >
          {THEMES.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function storedTheme(): Theme {
  return THEMES.find((each) => each === localStorage.getItem(KEY)) ?? "system";
}

export function showTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
