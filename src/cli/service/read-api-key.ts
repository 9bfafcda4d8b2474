import { readKeyId } from "../../access/api-key.ts";
import { CommandFailure } from "../command-failure.ts";

/** The API key of whoever runs the command; from the environment only, because options can be seen by other users. */
export function readApiKey({ EVERGRANT_API_KEY: key = "" }: NodeJS.ProcessEnv): string {
  if (key === "") {
    throw unauthorized(
      "EVERGRANT_API_KEY is not set.",
      "Set it to an API key: the admin key that the first start printed, or one that POST /v1/api-keys made.",
    );
  }
  if (readKeyId(key) === null) {
    throw unauthorized("EVERGRANT_API_KEY holds no API key.", "A key is eg_key_... or eg_admin_..., copied whole.");
  }
  return key;
}

function unauthorized(detail: string, next: string): CommandFailure {
  return new CommandFailure({ exit: "unauthorized", code: "unauthorized", detail, next });
}
