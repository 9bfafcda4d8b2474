import type { KnownErrorCode } from "./evergrant-error.ts";

/** What a code of the service means, for a problem that comes without `detail`. */
export function problemSentence(code: string): string | undefined {
  return sentences.get(code);
}

const sentences: ReadonlyMap<string, string> = new Map<KnownErrorCode, string>([
  ["reauthorization_required", "A person must authorize the connection again; send them to reauthorizationUrl."],
  ["connection_disconnected", "The connection was disconnected and gives no more tokens."],
  ["api_rejects_fresh_token", "The API refuses a token that was just refreshed; check its scope and its audience."],
  ["access_token_not_bound", "The token needs no proof; present it as its type says."],
  ["client_suspended", "The provider does not accept the OAuth client at the moment; its operator must act."],
  ["provider_unavailable", "The OAuth provider is not available at the moment; try again later."],
  ["refresh_timeout", "The refresh of the token takes too long; try again later."],
  ["unauthorized", "The service does not know the API key."],
  ["forbidden", "The API key may not use the connection."],
  ["not_found", "The service does not know the connection."],
  ["rate_limited", "The service got too many requests; try again later."],
]);
