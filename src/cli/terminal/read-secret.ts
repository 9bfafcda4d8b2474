import { createInterface } from "node:readline/promises";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { CommandFailure } from "../command-failure.ts";

interface Streams {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WritableStream;
}

/** More than any secret has; the service refuses what is longer than its own limit. */
const LONGEST = 100_000;

/**
 * Reads a secret from a pipe to its end, or from a terminal that does not show what is typed. No option takes one, because other
 * users of a machine can see the options of a command. Throws `CommandFailure` when there is none.
 */
export async function readSecret(question: string, { input, output }: Streams = TERMINAL): Promise<string> {
  const given = input.isTTY === true ? await ask(question, { input, output }) : await text(input);
  const secret = given.replace(/\r?\n$/, "");
  if (secret !== "" && secret.length <= LONGEST && !/[\r\n]/.test(secret)) return secret;
  throw new CommandFailure({
    exit: "usage",
    code: "usage",
    detail: "There is no secret on the standard input, or it is more than one line.",
    next: "Type it when you are asked for it, or pipe it in: evergrant clients secrets add cli_01jd... < secret.txt",
  });
}

const TERMINAL: Streams = { input: process.stdin, output: process.stderr };

/** What is typed is echoed to nowhere. */
async function ask(question: string, { input, output }: Streams): Promise<string> {
  output.write(question);
  const lines = createInterface({ input, output: new PassThrough(), terminal: true });
  try {
    const line = await new Promise<string>((resolve) => {
      lines.once("line", resolve);
      lines.once("close", () => resolve(""));
      lines.once("SIGINT", () => resolve(""));
    });
    return line;
  } finally {
    lines.close();
    output.write("\n");
  }
}
