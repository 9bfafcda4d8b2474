import { z } from "zod";
import { DPOP_NONCE } from "../../oauth/dpop-nonce.ts";
import { proveAccessToken, type ProofDeps } from "../../refresh/prove-access-token.ts";
import { isUrl } from "../../runtime/is-url.ts";
import { callerOf } from "../guard.ts";
import type { App } from "../server.ts";
import { failures, idParams, secured } from "../wire.ts";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** An access token that is sent without TLS could be read on its way, and its proof with it. */
const apiUrl = z
  .url({ protocol: /^https?$/ })
  .max(8000)
  .refine((text) => !isUrl(text) || isSafe(new URL(text)), "an https URL; http only on the loopback");

const body = z.strictObject({
  method: z
    .string()
    .regex(/^[A-Z]{1,20}$/, "in capitals, as it is sent")
    .describe("Of the request to the API"),
  url: apiUrl.describe("Of the request to the API; its query and fragment are left out of the proof"),
  nonce: z.string().regex(DPOP_NONCE, "as the API sent it").describe("The last `DPoP-Nonce` of the API").optional(),
});

const proofSchema = z
  .object({
    proof: z.string().describe("For the header `DPoP` of one request, beside `Authorization: DPoP <access token>`"),
    connection_id: z.string(),
    generation: z
      .int()
      .describe("The access token that it is for; with one of another generation, ask for the token anew"),
  })
  .meta({ id: "DpopProof" });

export function dpopProofRoute(app: App, deps: ProofDeps): void {
  app.post(
    "/v1/connections/:id/dpop-proof",
    {
      config: { scope: "token:read" },
      schema: {
        summary: "A proof of the key that the access token is bound to, for one request to an API",
        description: "For access tokens of the type `DPoP` (RFC 9449), which an API takes only with one.",
        security: secured,
        params: idParams,
        body,
        response: { 200: proofSchema, ...failures },
      },
    },
    async (request, reply) => {
      const { tenantId } = callerOf(request);
      const { method, url, nonce = null } = request.body;
      const asked = { tenantId, connectionId: request.params.id, method, url, nonce };
      const { proof, connectionId, generation } = await proveAccessToken(deps, asked);
      void reply.header("cache-control", "no-store");
      return { proof: proof.reveal(), connection_id: connectionId, generation };
    },
  );
}

function isSafe({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || LOOPBACK.has(hostname);
}
