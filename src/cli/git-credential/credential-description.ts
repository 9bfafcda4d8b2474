import { createInterface } from "node:readline";
import { CommandFailure } from "../command-failure.ts";

/** What git says about a credential, by the names of git-credential(1). */
export type CredentialDescription = ReadonlyMap<string, string>;

/** Git's own lines end at 65,535 characters, and it sends a handful. */
const LONGEST = 1_000_000;

/** Reads `name=value` lines to an empty one or the end. Throws `CommandFailure` for anything else. */
export async function readDescription(input: NodeJS.ReadableStream): Promise<CredentialDescription> {
  const description = new Map<string, string>();
  let length = 0;
  for await (const line of createInterface({ input })) {
    if (line === "") break;
    const [, name, value] = /^([^=]+)=(.*)$/.exec(line) ?? [];
    length += line.length;
    if (name === undefined || value === undefined || length > LONGEST) throw notGit();
    description.set(name, value);
  }
  return description;
}

function notGit(): CommandFailure {
  return new CommandFailure({
    exit: "usage",
    code: "usage",
    detail: "What stands on the standard input is no description of a credential.",
    next: "Git runs this command and writes lines such as host=git.example.com to it; see git-credential(1).",
  });
}
