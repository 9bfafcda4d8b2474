import { createPaint, type Paint } from "./paint.ts";
import { printable } from "./printable.ts";

/** Where a command's result and remarks go: text for people, JSON for programs. */
export interface Output {
  json: boolean;
  /** Colours for stdout, or none. */
  paint: Paint;
  /** To stdout: the text, or with `--json` the document on one line. */
  result(document: unknown, text: () => string): void;
  /** To stderr, for people only. */
  remark(text: string): void;
  /** To stderr: why the command ended. */
  failure(document: unknown, sentences: readonly string[]): void;
}

type Stream = Pick<NodeJS.WriteStream, "isTTY" | "write">;

interface Streams {
  stdout: Stream;
  stderr: Stream;
  env: NodeJS.ProcessEnv;
}

export function createOutput({ stdout, stderr, env }: Streams, json: boolean): Output {
  const paintFailure = createPaint(stderr, env);
  return {
    json,
    paint: createPaint(stdout, env),
    result: (document, text) => void stdout.write(`${json ? JSON.stringify(document) : text()}\n`),
    remark: (text) => {
      if (!json) stderr.write(`${text}\n`);
    },
    failure: (document, [first = "", ...rest]) => {
      const lines = [paintFailure("red", printable(first)), ...rest.map(printable)];
      stderr.write(`${json ? JSON.stringify(document) : lines.join("\n")}\n`);
    },
  };
}
