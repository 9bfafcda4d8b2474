import { CommandFailure } from "../command-failure.ts";
import { confirm } from "./confirm.ts";

/**
 * Asks before something that cannot be undone. Throws `CommandFailure` unless the answer is yes; without a terminal it says that
 * `--yes` is needed to `verb`, and makes no question.
 */
export async function askFirst(verb: string, question: () => string | Promise<string>): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new CommandFailure({
      exit: "usage",
      code: "usage",
      detail: "Nobody can be asked here, as this is no terminal.",
      next: `Add --yes to ${verb}.`,
    });
  }
  if (!(await confirm(await question(), { input: process.stdin, output: process.stderr }))) {
    throw new CommandFailure({ exit: "failed", code: "cancelled", detail: "Nothing was changed." });
  }
}
