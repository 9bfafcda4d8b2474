import { z } from "zod";
import { ACCESS_TOKEN, TOKEN_EXCHANGE } from "./token-exchange.ts";

export const FORM = "application/x-www-form-urlencoded";

/** In bytes: an agent token is the longest that there is to say. */
export const LARGEST_FORM = 32 * 1024;

const exchangeRequest = z
  .object({
    grant_type: z.literal(TOKEN_EXCHANGE),
    subject_token: z.string().describe("An API key with the scope `token:read`, or an agent token"),
    subject_token_type: z.literal(ACCESS_TOKEN),
    audience: z.string().optional().describe("The connection, con_…, or an address that ends with it"),
    resource: z.string().optional().describe("The same, for clients that have no audience"),
    requested_token_type: z.literal(ACCESS_TOKEN).optional(),
    scope: z.string().optional().describe("Taken and not looked at: what there is was consented to"),
  })
  .meta({ id: "TokenExchangeRequest" });

const refreshRequest = z
  .object({
    grant_type: z.literal("refresh_token"),
    refresh_token: z.string().describe("A virtual refresh token, eg_vrt_…"),
    client_id: z
      .string()
      .optional()
      .describe("The id of an API key, key_…; or by the `Authorization` header, as Basic"),
    client_secret: z.string().optional().describe("That API key, with the scope `token:read`"),
    scope: z.string().optional().describe("Nothing that the connection was not granted"),
  })
  .meta({ id: "RefreshRequest" });

const tokenAnswer = z
  .object({
    access_token: z.string().describe("The provider's"),
    token_type: z.string().describe("`Bearer`, or `DPoP` where the token is bound to a key (RFC 9449)"),
    expires_in: z.int().optional().describe("Seconds from now; left out where the provider never said"),
    scope: z.string().optional(),
    issued_token_type: z.literal(ACCESS_TOKEN).optional().describe("Of an exchange"),
    refresh_token: z.string().optional().describe("Of a refresh: the one that was sent, which is never replaced"),
  })
  .meta({ id: "TokenAnswer" });

const tokenError = z
  .object({
    error: z.string(),
    error_description: z.string(),
    error_uri: z.string().optional().describe("Where a person has to sign in again, with `invalid_grant`"),
  })
  .meta({ id: "TokenError" });

export const tokenEndpointSchema = {
  summary:
    "The access token of a connection, by token exchange (RFC 8693) or with a virtual refresh token (RFC 6749 §6)",
  description:
    "`invalid_grant`: a person must act, and `error_uri` is the link for that. `invalid_target`: there is no such connection for this subject. `invalid_client`: no such API key. `temporarily_unavailable` (503, 429): ask again after `Retry-After`.",
  consumes: [FORM],
  body: z.union([exchangeRequest, refreshRequest]),
  response: { 200: tokenAnswer, "4xx": tokenError, "5xx": tokenError },
};
