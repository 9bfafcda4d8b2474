import { createPaint, type Paint } from "./paint.ts";
import { printable } from "./printable.ts";

/** Where a command's result and remarks go: text for people, JSON for programs. */
export interface Output {
  /** Colours for stdout, or none. */
  paint: Paint;
  /** To stdout: the text, or with `--json` the document on one line. */
  result(document: unknown, text: () => string): void;
  /** The same for many: all of them in one text, or with `--json` each on a line as soon as it is there. */
  results<T>(items: AsyncIterable<T>, describe: { all: (items: readonly T[]) => string; none: string }): Promise<void>;
  /** To stdout: each as a line of JSON as soon as it is there, with `--json` or without. */
  lines(items: AsyncIterable<unknown>): Promise<void>;
  /** To stderr, for people only. */
  remark(text: string): void;
  /** To stderr: why the command ended. */
  failure(document: unknown, sentences: readonly string[]): void;
}

type Stream = Pick<NodeJS.WriteStream, "isTTY" | "write">;

/** What a process has. */
export interface Streams {
  stdin: NodeJS.ReadableStream;
  stdout: Stream;
  stderr: Stream;
  env: NodeJS.ProcessEnv;
}

export function createOutput({ stdout, stderr, env }: Omit<Streams, "stdin">, json: boolean): Output {
  const paintFailure = createPaint(stderr, env);
  const print = (text: string): void => void stdout.write(`${text}\n`);
  const remark = (text: string): void => {
    if (!json) stderr.write(`${text}\n`);
  };
  return {
    paint: createPaint(stdout, env),
    result: (document, text) => print(json ? JSON.stringify(document) : text()),
    results: async (items, { all, none }) => {
      if (json) return each(items, (item) => print(JSON.stringify(item)));
      const found = await collected(items);
      if (found.length > 0) print(all(found));
      else remark(none);
    },
    lines: (items) => each(items, (item) => print(JSON.stringify(item))),
    remark,
    failure: (document, [first = "", ...rest]) => {
      const lines = [paintFailure("red", printable(first)), ...rest.map(printable)];
      stderr.write(`${json ? JSON.stringify(document) : lines.join("\n")}\n`);
    },
  };
}

async function each<T>(items: AsyncIterable<T>, take: (item: T) => void): Promise<void> {
  for await (const item of items) take(item);
}

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  await each(items, (item) => found.push(item));
  return found;
}
