import { z } from "zod";
import type { HandedOut } from "../../access/handed-out.ts";
import type { AccessToken, AccessTokens } from "../../refresh/access-token.ts";
import { callerOf } from "../guard.ts";
import type { App } from "../server.ts";
import { failures, idParams, secured, time, toTimeOrNull } from "../wire.ts";

const LONGEST_MIN_TTL = 86_400;

const accessTokenSchema = z
  .object({
    access_token: z.string(),
    token_type: z.string(),
    expires_at: time.nullable(),
    scope: z.string(),
    answer_fields: z
      .record(z.string(), z.string())
      .describe("What the provider said beside the tokens, such as the address of its API, by the names of its entry"),
    connection_id: z.string(),
    generation: z.int(),
    refresh_state: z.enum(["ok", "refreshing", "failing"]),
    missing_scopes: z
      .array(z.string())
      .optional()
      .describe(
        "What is needed and was not granted; left out while nothing is missing. The token is good for the rest",
      ),
  })
  .meta({ id: "AccessToken" });

const rejectedBody = z.strictObject({
  generation: z.int().min(1),
  status: z.int().min(100).max(599),
  www_authenticate: z.string().max(4096).optional(),
});

export interface AccessTokenRouteDeps {
  accessTokens: Pick<AccessTokens, "read" | "rejected">;
  handedOut: Pick<HandedOut, "count">;
}

export function accessTokenRoutes(app: App, { accessTokens, handedOut }: AccessTokenRouteDeps): void {
  app.get(
    "/v1/connections/:id/access-token",
    {
      config: { scope: "token:read" },
      schema: {
        summary: "A working access token",
        description:
          "Answers at once while the token has `min_ttl` seconds left, else waits up to 15 s for a refresh. A `min_ttl` beyond the token's own life is met as far as that allows.",
        security: secured,
        params: idParams,
        querystring: z.strictObject({ min_ttl: z.coerce.number().int().min(0).max(LONGEST_MIN_TTL).default(60) }),
        response: { 200: accessTokenSchema, ...failures },
      },
    },
    async (request, reply) => {
      const minTtlMs = request.query.min_ttl * 1000;
      const { tenantId, keyId } = callerOf(request);
      const token = await accessTokens.read({ tenantId, connectionId: request.params.id, minTtlMs });
      handedOut.count(keyId, token.connectionId);
      void reply.header("cache-control", "no-store");
      return accessTokenBody(token);
    },
  );

  app.post(
    "/v1/connections/:id/access-token/rejected",
    {
      config: { scope: "token:read" },
      schema: {
        summary: "Report that the API refused a token, and get a newer one",
        security: secured,
        params: idParams,
        body: rejectedBody,
        response: { 200: accessTokenSchema, ...failures },
      },
    },
    async (request, reply) => {
      const { tenantId, keyId } = callerOf(request);
      const { generation, status, www_authenticate: challenge = null } = request.body;
      const token = await accessTokens.rejected({
        tenantId,
        connectionId: request.params.id,
        generation,
        status,
        challenge,
      });
      handedOut.count(keyId, token.connectionId);
      void reply.header("cache-control", "no-store");
      return accessTokenBody(token);
    },
  );
}

/** One of the two places where an access token leaves; the other answers the same from memory. */
export function accessTokenBody(token: AccessToken): z.infer<typeof accessTokenSchema> {
  return {
    access_token: token.accessToken.reveal(),
    token_type: token.tokenType,
    expires_at: toTimeOrNull(token.expiresAt),
    scope: token.scope.join(" "),
    answer_fields: token.answerFields,
    connection_id: token.connectionId,
    generation: token.generation,
    refresh_state: token.refreshState,
    ...(token.missingScopes.length > 0 && { missing_scopes: [...token.missingScopes] }),
  };
}
