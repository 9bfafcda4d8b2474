import { z } from "zod";
import { publishedKey } from "../../client/client-key.ts";
import { KEYS_ARE_KEPT } from "../../client/jwks-uri.ts";
import type { ClientStore } from "../../client/client.ts";
import { SECOND } from "../../runtime/clock.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import type { App } from "../server.ts";
import { failures, idParams } from "../wire.ts";

const jwkSet = z
  .object({ keys: z.array(z.looseObject({ kid: z.string(), alg: z.string() })) })
  .meta({ id: "JsonWebKeySet" });

export function jwksRoutes(app: App, { clients }: { clients: ClientStore }): void {
  app.get(
    "/oauth/jwks/:id",
    {
      schema: {
        summary: "The public keys that a client signs with (RFC 7517 §5)",
        description: "For its provider. The staged one is among them, and the one before for a day.",
        params: idParams,
        response: { 200: jwkSet, ...failures },
      },
    },
    async (request, reply) => {
      const client = await clients.find(request.params.id);
      if (client?.authentication !== "private_key_jwt") throw new ServiceError("not_found", "There is no such client.");
      const live = await clients.liveSecrets(client.id);
      reply.header("cache-control", `public, max-age=${KEYS_ARE_KEPT / SECOND}`);
      return { keys: live.flatMap(({ shown }) => publishedKey(shown) ?? []) };
    },
  );
}
