import type { ExitName } from "./exit-codes.ts";

export interface FailureFacts {
  exit: ExitName;
  /** For programs: the service's own code where it answered, else the name of the exit code or something as short. */
  code: string;
  /** One sentence: what went wrong. */
  detail: string;
  /** What to do about it. */
  next?: string | undefined;
  /** More for programs, printed beside code and detail with `--json`. */
  more?: Readonly<Record<string, unknown>>;
}

/** Ends a command: decides its exit code and what stands on stderr. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  readonly facts: FailureFacts;

  constructor(facts: FailureFacts) {
    super(facts.detail);
    this.facts = facts;
  }
}
