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
