import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { CommandFailure } from "../command-failure.ts";

/** More than any key has. */
const LONGEST = 4096;

/** Group and others, POSIX. */
const NOT_THE_OWNER = 0o077;

/**
 * The start of a file that holds a secret and that only its owner can read, as ssh wants its keys. Throws `CommandFailure`, which
 * names the setting and never its value: whoever mixed up two settings has put the secret itself there.
 */
export function readOwnFile(setting: string, path: string): string {
  try {
    const file = openSync(path, "r");
    try {
      // Windows has no such bits.
      if (process.platform !== "win32" && (fstatSync(file).mode & NOT_THE_OWNER) !== 0) throw shared(setting);
      const buffer = Buffer.alloc(LONGEST);
      return buffer.toString("utf8", 0, readSync(file, buffer));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw error instanceof CommandFailure ? error : unreadable(setting, error);
  }
}

function shared(setting: string): CommandFailure {
  return new CommandFailure({
    exit: "unauthorized",
    code: "unauthorized",
    detail: `The file in ${setting} is open to other users of this machine.`,
    next: "Make it readable by its owner only: chmod 600. Who could read it until now may have the key; evergrant api-keys rotate makes another.",
  });
}

function unreadable(setting: string, error: unknown): CommandFailure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  return new CommandFailure({
    exit: "unauthorized",
    code: "unauthorized",
    detail: `The file in ${setting} cannot be read (${code}).`,
    next: "Name a file with nothing but an API key in it, readable by whoever runs this.",
  });
}
