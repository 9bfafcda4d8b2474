import { z } from "zod";

/** Of App Service and of Functions; what SDKs of the last years send. */
export const API_VERSION = "2019-08-01";

const identityQuery = z.object({
  "api-version": z.literal(API_VERSION),
  resource: z.string().describe("Comes back as it is; the access token is for what was consented to"),
  client_id: z.string().describe("The connection, con_…"),
});

const identityHeaders = z.object({
  "x-identity-header": z.string().describe("An API key with the scope `token:read`, or an agent token"),
});

const identityAnswer = z
  .object({
    access_token: z.string().describe("The provider's"),
    token_type: z.string(),
    expires_on: z.string().describe("Seconds since 1970"),
    resource: z.string(),
    client_id: z.string(),
  })
  .meta({ id: "ManagedIdentityToken" });

const identityError = z
  .object({
    statusCode: z.int(),
    error: z.string(),
    message: z.string().describe("With the link, where a person has to sign in again"),
  })
  .meta({ id: "ManagedIdentityError" });

export const managedIdentitySchema = {
  summary: "The access token of a connection, as the managed identity of Azure App Service",
  querystring: identityQuery,
  headers: identityHeaders,
  response: { 200: identityAnswer, "4xx": identityError, "5xx": identityError },
};
