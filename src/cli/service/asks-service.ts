import { Option, type Command } from "commander";
import { DEFAULT_URL } from "./service-url.ts";

/** What every command that asks a running service shares: its address, and where the API key comes from. */
export function asksService(command: Command, example: string): Command {
  return command
    .addOption(new Option("--url <url>", "address of the service").env("EVERGRANT_URL").default(DEFAULT_URL))
    .addHelpText(
      "after",
      `
The API key comes from EVERGRANT_API_KEY only: other users of a machine can see
the options of a command.

Example:
  ${example}`,
    );
}
