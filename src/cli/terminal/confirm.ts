import { once } from "node:events";
import { createInterface } from "node:readline/promises";

/** Asks once; anything but yes, also Ctrl-C and the end of the input, is no. */
export async function confirm(
  question: string,
  streams: { input: NodeJS.ReadableStream; output: NodeJS.WritableStream },
): Promise<boolean> {
  const lines = createInterface(streams);
  try {
    const ended = once(lines, "close").then(() => "");
    const answer = await Promise.race([lines.question(`${question} [y/N] `).catch(whenAborted), ended]);
    return /^\s*y(es)?\s*$/i.test(answer);
  } finally {
    lines.close();
  }
}

/** On a terminal Ctrl-C and Ctrl-D end the question. */
function whenAborted(error: unknown): string {
  if (error instanceof Error && error.name === "AbortError") return "";
  throw error;
}
