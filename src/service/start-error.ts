import { ServiceError } from "../runtime/service-error.ts";

export type StartFailure = "settings" | "key" | "database" | "address";

/** Why the service did not start: the kind decides the exit code, the sentence says what to do. */
export class StartError extends Error {
  override readonly name = "StartError";
  readonly kind: StartFailure;

  constructor(kind: StartFailure, sentence: string) {
    super(sentence);
    this.kind = kind;
  }
}

/** Turns what a database, a key or a file of the settings says when it fails into what a start says. */
export function startErrorOf(kind: "settings" | "database" | "key") {
  return (error: unknown): never => {
    if (error instanceof ServiceError) throw new StartError(kind, error.message);
    throw error;
  };
}
