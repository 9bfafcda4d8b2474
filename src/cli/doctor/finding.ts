import type { ExitName } from "../exit-codes.ts";

/** What one check found. `next` says what to do about it. */
export type Finding =
  | { kind: "fine"; check: string; found: string }
  | { kind: "warning"; check: string; found: string; next: string }
  | { kind: "wrong"; check: string; found: string; next: string; exit: ExitName };

/** A finding, and what the checks after these need; null when it cannot be had. */
export interface Checked<T> {
  finding: Finding;
  value: T | null;
}

export function fine(check: string, found: string): Finding {
  return { kind: "fine", check, found };
}

export function warning(check: string, found: string, next: string): Finding {
  return { kind: "warning", check, found, next };
}

export function wrong(exit: ExitName, check: string, found: string, next: string): Finding {
  return { kind: "wrong", check, found, next, exit };
}
