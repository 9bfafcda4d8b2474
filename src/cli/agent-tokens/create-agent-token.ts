import type { z } from "zod";
import { agentTokenSchema } from "../../api/agent-token-view.ts";
import type { ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";

interface TokenWish {
  connections: readonly string[];
  /** In seconds; as the service has it where it is not said. */
  expiresIn: number | undefined;
}

/** Stdout has the token alone. */
export async function createAgentToken(service: ServiceClient, output: Output, wish: TokenWish): Promise<void> {
  const made = await askForAgentToken(service, wish);
  output.result(made, () => made.agent_token);
  output.remark(`Made an agent token, which expires at ${made.expires_at}. It is shown this once.`);
}

export function askForAgentToken(
  service: ServiceClient,
  { connections, expiresIn }: TokenWish,
): Promise<z.infer<typeof agentTokenSchema>> {
  const body = { connections, expires_in: expiresIn };
  return service.ask({ method: "POST", path: "/v1/agent-tokens", body }, agentTokenSchema);
}
