import {
  actorOf,
  sentence,
  sentenceForUser,
  type Cause,
  type Confidence,
  type WhoActs,
} from "../../connection/cause.ts";
import { PROBE_INTERVAL } from "../../client/client.ts";
import { classifyRefresh, type Outcome } from "../../provider/outcome.ts";
import { ruleFor } from "../../provider/failure-rule.ts";
import type { Provider } from "../../provider/provider.ts";
import { readAnswer } from "../../provider/token-endpoint.ts";
import { MINUTE, SECOND } from "../../runtime/clock.ts";
import { secret } from "../../runtime/secret.ts";
import type { PastedAnswer } from "./pasted-answer.ts";

/** What the service would make of an answer to a refresh, and why. Holds no token. */
export interface Conclusion {
  provider: string | null;
  status: number;
  outcome: Outcome["kind"];
  cause: Cause | null;
  confidence: Confidence | null;
  who_acts: WhoActs | null;
  code: string | null;
  subcode: string | null;
  description: string | null;
  /** What the provider means by it, by its catalogue entry; null where the general table decided. */
  rule: string | null;
  explanation: string | null;
  user_explanation: string | null;
  /** What the service does next. */
  next: string;
}

/** A provider that nobody named: what is true of every server. */
const ANY: Pick<Provider, "dialects" | "failure_rules" | "answer_fields"> = {
  dialects: [],
  failure_rules: [],
  answer_fields: [],
};

export function conclude(answer: PastedAnswer & { status: number }, provider: Provider | null): Conclusion {
  const body = new TextEncoder().encode(answer.body);
  const response = { status: answer.status, headers: answer.headers, body, retryAfterMs: waitOf(answer) };
  const speaker = provider ?? ANY;
  const outcome = classifyRefresh({ kind: "response", response }, { refreshToken: NO_TOKEN, at: Date.now() }, speaker);
  const read = readAnswer(speaker, response, Date.now());
  const rule = read.kind === "error" ? ruleFor(speaker.failure_rules, read.error) : null;
  const cause = "cause" in outcome ? outcome.cause : outcome.kind === "lost" ? "provider_unavailable" : null;
  const confidence = outcome.kind === "rejected" ? outcome.confidence : cause === null ? null : "certain";
  const whoActs = "whoActs" in outcome ? (outcome.whoActs ?? null) : null;
  return {
    provider: provider?.id ?? null,
    status: answer.status,
    outcome: outcome.kind,
    cause,
    confidence,
    who_acts:
      cause === null ? null : actorOf({ cause, confidence: "certain", evidence: {}, ...(whoActs && { whoActs }) }),
    code: "code" in outcome ? outcome.code : null,
    subcode: "subcode" in outcome ? outcome.subcode : null,
    description: "description" in outcome ? outcome.description : null,
    rule: rule?.meaning ?? null,
    explanation: cause === null ? null : sentence(cause),
    user_explanation: cause === null ? null : sentenceForUser(cause),
    next: nextOf(outcome),
  };
}

/** Nobody pastes the request, so no refresh token can be told from what came. */
const NO_TOKEN = secret("\u0000");

function waitOf({ headers }: PastedAnswer): number | null {
  const seconds = headers["retry-after"];
  return seconds !== undefined && /^\d{1,9}$/.test(seconds) ? Number(seconds) * SECOND : null;
}

function nextOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case "rotated":
      return "Stores the new refresh token in the journal and the database, then hands out the access token.";
    case "renewed":
      return "Stores the access token and keeps the refresh token that it has.";
    case "rejected":
      return outcome.confirmAfterMs === null
        ? "Looks whether a newer refresh token is known, asks once more where that does no harm, and then asks a person to reconnect."
        : `Asks again ${outcome.confirmAfterMs / MINUTE} minutes later, because this provider says so of healthy tokens too; then asks a person to reconnect.`;
    case "client_fault":
      return `Pauses the client, touches no connection, and asks every ${PROBE_INTERVAL / SECOND} seconds whether the client is accepted again.`;
    case "retry_later":
      return outcome.retryAfterMs === null
        ? "Keeps the refresh token and tries again with growing waits."
        : `Keeps the refresh token and tries again after ${Math.ceil(outcome.retryAfterMs / SECOND)} seconds.`;
    case "lost":
      return "Keeps the answer in the journal and the refresh token in the database: the provider may have replaced it. Tries again as soon as that does no harm.";
  }
}
