/** What happened, one line a step. Kept only when somebody wants to read it: a seed that failed is simply run again. */
export interface Trace {
  /** `about`: the connection concerned; null when all are. The text is only made when it is kept. */
  note(about: string | null, text: () => string): void;
  /** Those about one connection and what concerns all of them; null: every one. */
  lines(about: string | null): string[];
}

/** What every instance does all the time, and what concerns no connection in particular. */
const USUAL = / (beat|orphans|claimDue|client\.find|markRead|prune|since|newestOf) /;

export function createTrace(keep: boolean, now: () => number): Trace {
  const kept: { about: string | null; line: string }[] = [];

  function concerns(about: string, entry: (typeof kept)[number]): boolean {
    if (entry.about !== null) return entry.about === about;
    return !USUAL.test(entry.line) || new RegExp(`\\b${about}\\b`).test(entry.line);
  }

  return {
    note: (about, text) => {
      if (keep) kept.push({ about, line: `t=${(now() / 1000).toFixed(3)} ${text()}` });
    },
    lines: (about) => kept.filter((entry) => about === null || concerns(about, entry)).map(({ line }) => line),
  };
}
