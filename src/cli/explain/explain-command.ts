import type { Command } from "commander";
import type { CommandDeps } from "../command-deps.ts";
import { wholeNumber } from "../whole-number.ts";

const EXAMPLES = `
Example:
  evergrant explain --provider microsoft answer.txt
  curl -i -d grant_type=refresh_token ... https://as.example/token | evergrant explain -`;

export function addExplainCommand(program: Command, { output }: CommandDeps): void {
  program
    .command("explain")
    .summary("say what the service would conclude from a token endpoint's answer")
    .description(
      `Reads an answer of a token endpoint to a refresh, and says what the service would
conclude: is the connection over, is the client at fault, or does it pass by
itself; who has to act, and why. Takes a body, a transcript of curl -i or -v, or
a HAR file. Sends nothing, and shows no token that is in it.`,
    )
    .argument("<file>", "file with the answer; - for standard input")
    .option("--provider <id>", "whose answer it is; guessed from the address where that is known")
    .option("--status <number>", "HTTP status, where only a body is given", wholeNumber(100, 599))
    .addHelpText("after", EXAMPLES)
    .action(async (from: string, options: { provider?: string; status?: number }) => {
      const { explain } = await import("./explain.ts");
      await explain(output, { from, ...options });
    });
}
