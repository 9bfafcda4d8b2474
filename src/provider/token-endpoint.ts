import type { ClientAuthentication } from "../oauth/client-authentication.ts";
import type { HttpRequest, HttpResponse } from "../oauth/http.ts";
import { authorizationCodeRequest, refreshRequest, type CodeGrant, type RefreshGrant } from "../oauth/token-request.ts";
import { readTokenResponse, type TokenResponse } from "../oauth/token-response.ts";
import { normalise, requestShape } from "./dialect.ts";
import type { Provider } from "./provider.ts";

/** Where refreshes go. */
export function refreshEndpoint({ refresh_url, token_url }: Provider): string {
  return refresh_url ?? token_url;
}

/** A refresh in the provider's own dialect (RFC 6749 §6). */
export function refreshRequestTo(
  provider: Provider,
  authentication: ClientAuthentication,
  grant: Omit<RefreshGrant, "scope"> & { scopes: readonly string[]; claims?: string | null },
): Promise<HttpRequest> {
  const { claims = null } = grant;
  const parameters = { ...provider.token_parameters.refresh_token, ...(claims !== null && { claims }) };
  const scope = grant.scopes.join(provider.scope_separator);
  return refreshRequest(
    refreshEndpoint(provider),
    authentication,
    { ...grant, scope },
    { ...requestShape(provider.dialects), parameters },
  );
}

/** A code exchange in the provider's own dialect (RFC 6749 §4.1.3). */
export function codeRequestTo(
  provider: Provider,
  authentication: ClientAuthentication,
  grant: CodeGrant,
): Promise<HttpRequest> {
  const parameters = provider.token_parameters.authorization_code;
  return authorizationCodeRequest(provider.token_url, authentication, grant, {
    ...requestShape(provider.dialects),
    parameters,
  });
}

/** Reads the provider's answer to a request that was sent at `sentAt`, epoch milliseconds. */
export function readAnswer(
  provider: Pick<Provider, "dialects" | "answer_fields">,
  response: HttpResponse,
  sentAt: number,
): TokenResponse {
  return readTokenResponse(response, {
    sentAt,
    normalise: (json) => normalise(provider.dialects, json),
    answerFields: provider.answer_fields,
  });
}
