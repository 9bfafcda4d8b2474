import * as oauth from "oauth4webapi";
import { secret, type Secret } from "../runtime/secret.ts";

export interface ExpectedResponse {
  /** Known issuer of the authorization server; null when the provider's entry names none. */
  issuer: string | null;
  /** The server has announced RFC 9207, so an answer without `iss` is refused. */
  issRequired: boolean;
  clientId: string;
  state: string;
}

export type AuthorizationResponse =
  | { kind: "code"; code: Secret<string> }
  | { kind: "denied"; error: string }
  | { kind: "invalid"; problem: string };

/** Validates the parameters of the redirect back to us (RFC 6749 §4.1.2, RFC 9207 §2.4). */
export function readAuthorizationResponse(
  parameters: URLSearchParams,
  expected: ExpectedResponse,
): AuthorizationResponse {
  if (expected.issuer === null) parameters.delete("iss");
  const server: oauth.AuthorizationServer = {
    issuer: expected.issuer ?? "https://authorization-server.invalid",
    authorization_response_iss_parameter_supported: expected.issRequired && expected.issuer !== null,
  };
  try {
    const valid = oauth.validateAuthResponse(server, { client_id: expected.clientId }, parameters, expected.state);
    // RFC 6749 §3.1: no parameter more than once; the library checks every one but this.
    const [code, ...others] = valid.getAll("code");
    if (!code || others.length > 0) return { kind: "invalid", problem: "it does not hold exactly one code" };
    return { kind: "code", code: secret(code) };
  } catch (error) {
    if (error instanceof oauth.AuthorizationResponseError) return { kind: "denied", error: knownError(error.error) };
    return { kind: "invalid", problem: "its parameters do not fit this request (RFC 6749 §4.1.2, RFC 9207)" };
  }
}

/** Error codes are shown to people; anything that is not a plain code is not repeated. */
function knownError(error: string): string {
  return /^[a-z_]{1,60}$/.test(error) ? error : "unrecognised_error";
}
