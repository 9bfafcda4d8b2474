import { z } from "zod";
import { askForAgentToken } from "../agent-tokens/create-agent-token.ts";
import type { CommandDeps } from "../command-deps.ts";
import { readApiKey } from "../service/read-api-key.ts";
import { path, type ServiceClient } from "../service/service-client.ts";

interface Deps extends Pick<CommandDeps, "environment" | "output"> {
  service: ServiceClient;
}

const anything = z.looseObject({ access_token: z.string() });

/**
 * What an SDK is to ask with: the API key, or an agent token that was made with it. An access token is read first, so that what is
 * wrong is said here and not by the SDK.
 */
export async function subjectFor(
  { service, environment, output }: Deps,
  { connectionId, expiresIn }: { connectionId: string; expiresIn: number | undefined },
): Promise<string> {
  await service.ask({ path: path`/v1/connections/${connectionId}/access-token` }, anything);
  if (expiresIn !== undefined) {
    return (await askForAgentToken(service, { connections: [connectionId], expiresIn })).agent_token;
  }
  const key = readApiKey(environment);
  if (key.startsWith("eg_admin_")) {
    output.remark(
      "EVERGRANT_API_KEY is an admin key, and goes along. evergrant api-keys create makes one that may only read tokens.",
    );
  }
  return key;
}
