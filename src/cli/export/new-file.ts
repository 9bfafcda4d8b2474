import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { CommandFailure } from "../command-failure.ts";

/** A file that was not there, for its owner's eyes only. */
export interface NewFile {
  /** Writes it whole, so that it is still there after a crash. */
  fill(text: string): void;
}

/** Makes it before anything else is done that cannot be repeated. Throws `CommandFailure`. */
export function newFile(path: string): NewFile {
  const file = open(path);
  return {
    fill: (text) => {
      writeSync(file, text);
      fsyncSync(file);
      closeSync(file);
    },
  };
}

function open(path: string): number {
  try {
    return openSync(path, "wx", 0o600);
  } catch {
    throw new CommandFailure({
      exit: "usage",
      code: "usage",
      detail: `${path} exists already, or cannot be written.`,
      next: "Name a file that is not there yet.",
    });
  }
}
