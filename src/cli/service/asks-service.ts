import { Option, type Command } from "commander";
import { DEFAULT_URL } from "./service-url.ts";

/** What every command that asks a running service shares: its address, and where the API key comes from. */
export function asksService(command: Command, example: string): Command {
  return command
    .addOption(new Option("--url <url>", "address of the service").env("EVERGRANT_URL").default(DEFAULT_URL))
    .addHelpText(
      "after",
      `
The API key comes from EVERGRANT_API_KEY, or from the file that
EVERGRANT_API_KEY_FILE names, and from no option: other users of a machine can see
those.

Example:
  ${example}`,
    );
}
