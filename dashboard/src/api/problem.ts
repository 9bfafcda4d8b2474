import type { Problem } from "../../../src/api/problem.ts";

/** What the service answered instead, as problem details (RFC 9457), or what kept an answer away. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The code of the problem; `unreachable` where no answer came. */
  readonly code: Problem["code"] | "unreachable";
  readonly problem: Problem | null;

  constructor(problem: Problem | null) {
    super(problem?.detail ?? "The service cannot be reached.");
    this.code = problem?.code ?? "unreachable";
    this.problem = problem;
  }
}

/** Nobody is signed in, or not any more. */
export function isNobody(error: unknown): boolean {
  return error instanceof ApiError && error.code === "unauthorized";
}
