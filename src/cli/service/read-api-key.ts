import { looksLikeAgentToken } from "../../access/agent-token.ts";
import { readKeyId } from "../../access/api-key.ts";
import { CommandFailure } from "../command-failure.ts";

/** The API key, or the agent token, of whoever runs the command; from the environment only, because options can be seen by other users. */
export function readApiKey({ EVERGRANT_API_KEY: key = "" }: NodeJS.ProcessEnv): string {
  if (key === "") {
    throw unauthorized(
      "EVERGRANT_API_KEY is not set.",
      "Set it to an API key: the admin key that the first start printed, or one that POST /v1/api-keys made.",
    );
  }
  if (readKeyId(key) === null && !looksLikeAgentToken(key)) {
    throw unauthorized(
      "EVERGRANT_API_KEY holds no API key.",
      "A key is eg_key_..., eg_admin_... or an agent token, eg_agent_..., copied whole.",
    );
  }
  return key;
}

function unauthorized(detail: string, next: string): CommandFailure {
  return new CommandFailure({ exit: "unauthorized", code: "unauthorized", detail, next });
}
