/** An invariant of DESIGN §5 that a run has broken. */
export interface Breach {
  invariant: Invariant;
  /** The connection concerned; null when it is none in particular. */
  about: string | null;
  what: string;
}

export type Invariant =
  | "one exchange"
  | "inside the lease"
  | "generation"
  | "journal first"
  | "custody"
  | "condemned"
  | "needless reuse"
  | "handed out"
  | "attempts"
  | "brake"
  | "suspension"
  | "told"
  | "rest"
  | "internal";

/** Keeps the first breach: what comes after it follows from it. */
export interface Verdict {
  breach(): Breach | null;
  report(invariant: Invariant, about: string | null, what: string): void;
}

export function createVerdict(): Verdict {
  let first: Breach | null = null;
  return {
    breach: () => first,
    report: (invariant, about, what) => {
      first ??= { invariant, about, what };
    },
  };
}
