import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { SECOND } from "../runtime/clock.ts";
import { StartError } from "./start-error.ts";

const DEADLINE = 30 * SECOND;
const LARGEST = 1024;

/**
 * What a command prints: a password manager or a secret store knows the root key. Neither what it prints nor how it is called is
 * told when it fails, because both may hold secrets.
 */
export async function outputOf(command: string): Promise<string> {
  const options = { timeout: DEADLINE, maxBuffer: LARGEST, killSignal: "SIGKILL" } as const;
  const ran = await promisify(execFile)("/bin/sh", ["-c", command], options).catch(() => null);
  if (ran) return ran.stdout;
  throw new StartError(
    "key",
    "EVERGRANT_ROOT_KEY_COMMAND has failed, or printed nothing within 30 seconds. Run it by hand: it has to print a root key and end with exit code 0.",
  );
}
