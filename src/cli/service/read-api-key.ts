import { looksLikeAgentToken } from "../../access/agent-token.ts";
import { readKeyId } from "../../access/api-key.ts";
import { CommandFailure } from "../command-failure.ts";
import { readOwnFile } from "./read-own-file.ts";

/**
 * The API key, or the agent token, of whoever runs the command, from the environment or from a file; from no option, because those can be seen by
 * other users. The variable goes before the file, so that one command can be run with another key.
 */
export function readApiKey(environment: NodeJS.ProcessEnv): string {
  const { EVERGRANT_API_KEY: key = "", EVERGRANT_API_KEY_FILE: file = "" } = environment;
  if (key !== "") return wellFormed("EVERGRANT_API_KEY", key);
  if (file !== "") return wellFormed("EVERGRANT_API_KEY_FILE", readOwnFile("EVERGRANT_API_KEY_FILE", file).trim());
  throw unauthorized(
    "EVERGRANT_API_KEY is not set.",
    "Set it to an API key (the admin key that the first start printed, or one that POST /v1/api-keys made), or EVERGRANT_API_KEY_FILE to a file with one.",
  );
}

function wellFormed(name: string, key: string): string {
  if (readKeyId(key) !== null || looksLikeAgentToken(key)) return key;
  throw unauthorized(
    `${name} holds no API key.`,
    "A key is eg_key_..., eg_admin_... or an agent token, eg_agent_..., copied whole.",
  );
}

function unauthorized(detail: string, next: string): CommandFailure {
  return new CommandFailure({ exit: "unauthorized", code: "unauthorized", detail, next });
}
