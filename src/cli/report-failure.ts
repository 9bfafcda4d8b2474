import { CommanderError } from "commander";
import { StartError } from "../service/start-error.ts";
import { CommandFailure, type FailureFacts } from "./command-failure.ts";
import { EXIT } from "./exit-codes.ts";
import type { Output } from "./terminal/output.ts";

/** Says on stderr why a command ended, and returns what to exit with. */
export function reportFailure(output: Output, error: unknown): number {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
  const facts = understand(error);
  const { code, detail, next, more } = facts;
  output.failure({ error: { code, detail, next, ...more } }, [detail, ...(next === undefined ? [] : [next])]);
  return EXIT[facts.exit];
}

function understand(error: unknown): FailureFacts {
  if (error instanceof CommandFailure) return error.facts;
  if (error instanceof StartError) return { exit: error.kind, code: error.kind, detail: error.message };
  if (error instanceof CommanderError) return misuse(error);
  // A mistake of this program: the frames are what its report needs.
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { exit: "failed", code: "internal", detail };
}

function misuse({ code, message }: CommanderError): FailureFacts {
  const detail = code === "commander.help" ? "A command is missing." : sentence(message.replace(/^error: /, ""));
  return { exit: "usage", code: "usage", detail, next: "evergrant --help and evergrant <command> --help explain." };
}

function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?)]$/.test(capital) ? capital : `${capital}.`;
}
