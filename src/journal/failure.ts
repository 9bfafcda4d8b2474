import { SECOND } from "../runtime/clock.ts";
import { ServiceError } from "../runtime/service-error.ts";

/** How long after a failure, and after each vain attempt, the journal tries again. */
export const RETRY_AFTER = 5 * SECOND;

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: "Its disk is full: free some space, and it goes on by itself.",
  EDQUOT: "Its disk quota is used up: free some space, and it goes on by itself.",
  EROFS: "Its disk can only be read: mount it for writing, and it goes on by itself.",
  EACCES: "Check the permissions of the folder.",
  EPERM: "Check the permissions of the folder.",
  ENOENT: "The folder is gone: restart the service.",
  ENOTDIR: "A part of this path is a file.",
  EEXIST: "There is such a folder already, and it belongs to another instance.",
  EMFILE: "Too many files are open: raise the limit.",
  ENFILE: "Too many files are open: raise the limit.",
};

/** Why the journal in `folder` takes nothing, as `journal_unavailable` with a sentence that says what to look at. */
export function unavailable(folder: string, cause: unknown): ServiceError {
  const code = errnoOf(cause);
  const advice = ADVICE[code] ?? "Check its disk.";
  const sentence = `The journal in ${folder} cannot be written (${code}). ${advice}`;
  const error = new ServiceError("journal_unavailable", sentence, { retryAfterMs: RETRY_AFTER });
  error.cause = cause;
  return error;
}

/** The operating system's name for what went wrong. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown";
}
