import type { ServiceError } from "../runtime/service-error.ts";
import { oauthErrorOf, type OAuthRefusal } from "./oauth-error.ts";

/** What App Service answers instead of a token. MSAL shows `message` as the description. */
export interface IdentityError {
  status: number;
  headers: Record<string, string>;
  body: { statusCode: number; error: string; message: string };
}

/** Never 404 nor 410, which the Azure SDKs ask again after: only what passes is answered with 429, 500 or 503. */
export function identityErrorOf(error: OAuthRefusal | ServiceError): IdentityError {
  const { status: usual, headers, body } = oauthErrorOf(error);
  const status = OF_THE_KEY[error.code] ?? usual;
  const { error: code, error_description: description, error_uri: link } = body;
  const sentence = error.code === "unauthorized" ? NO_SECRET : description;
  const message = link === undefined ? sentence : `${sentence} To sign in again: ${link}`;
  return { status, headers, body: { statusCode: status, error: code, message } };
}

const NO_SECRET =
  "X-IDENTITY-HEADER, which is IDENTITY_HEADER, is no valid API key, and no agent token that is not over.";

const OF_THE_KEY: Readonly<Record<string, number>> = { unauthorized: 401, forbidden: 403 };
