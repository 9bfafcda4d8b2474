import { problemSchema, type Problem } from "../../api/problem.ts";
import type { ErrorCode } from "../../runtime/service-error.ts";
import { CommandFailure } from "../command-failure.ts";
import type { ExitName } from "../exit-codes.ts";
import { parseJson } from "./parse-json.ts";

/** What an answer that is not a success means for whoever ran the command. */
export function failureOfAnswer(origin: string, status: number, text: string): CommandFailure {
  const problem = problemSchema.safeParse(parseJson(text));
  if (problem.success) return failureOfProblem(problem.data);
  return new CommandFailure({
    exit: [429, 502, 503, 504].includes(status) ? "unavailable" : "failed",
    code: "unexpected_answer",
    detail: `${origin} gave an answer (HTTP ${status}) that is not one of Evergrant's.`,
    next: "Check the address (--url or EVERGRANT_URL), what stands between, and that both sides have the same version.",
  });
}

function failureOfProblem(problem: Problem): CommandFailure {
  const { code, detail, type: _type, title: _title, status: _status, docs: _docs, ...more } = problem;
  return new CommandFailure({ exit: exitOf(problem), code, detail, next: nextStep(problem), more });
}

const EXITS: Partial<Record<ErrorCode, ExitName>> = {
  unauthorized: "unauthorized",
  forbidden: "unauthorized",
  not_found: "not_found",
  reauthorization_required: "reauthorization_required",
  invalid_request: "usage",
};

function exitOf({ code, status }: Problem): ExitName {
  return EXITS[code] ?? (status === 503 || status === 429 ? "unavailable" : "failed");
}

const NEXT: Partial<Record<ErrorCode, string>> = {
  unauthorized: "Set EVERGRANT_API_KEY to a key that this service made and that is neither revoked nor expired.",
  forbidden: "Set EVERGRANT_API_KEY to a key that may do this, from here; evergrant api-keys create makes one.",
  not_found: "Check the id, and that the key is of the same tenant; evergrant connections list shows what there is.",
};

function nextStep(problem: Problem): string | undefined {
  const { code, reauthorization_url: link, retry_after: seconds } = problem;
  if (link !== undefined) return `${person(problem)} has to sign in again: ${link}`;
  return NEXT[code] ?? (seconds === undefined ? undefined : `Try again in ${seconds} s.`);
}

function person({ who_acts: whoActs }: Problem): string {
  return whoActs === "customer_admin" ? "The customer's administrator" : "The account's user";
}
