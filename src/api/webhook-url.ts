import { LONGEST_URL } from "../event/webhook-endpoint.ts";
import { ServiceError } from "../runtime/service-error.ts";

/** What `network/guard.ts` says of a URL before a name in it is looked up; null where nothing stands against it. */
export type RefusedUrl = (url: string) => "bad_url" | "blocked_address" | null;

/**
 * Throws `invalid_request` for an address to which nothing will ever be sent. Names that lead inside are found when they are looked
 * up, at each attempt.
 */
export function requireWebhookUrl(refused: RefusedUrl, url: string): void {
  const problem = problemOf(refused, url);
  if (problem !== null)
    throw new ServiceError("invalid_request", `url: ${problem}.`, { problems: [{ path: "url", message: problem }] });
}

function problemOf(refused: RefusedUrl, url: string): string | null {
  if (url.length > LONGEST_URL) return `has more than ${LONGEST_URL} characters`;
  if (url.includes("#")) return "has a fragment, which no server is sent";
  switch (refused(url)) {
    case "bad_url":
      return "has to be an https URL, without a user and a password in it";
    case "blocked_address":
      return "has to be https and lead to a public address; the operator may list a host in EVERGRANT_ALLOWED_PRIVATE_HOSTS";
    case null:
      return null;
  }
}
