import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { EVERGRANT } from "./service-process.ts";

/** What the next start needs in order to go on where this one stopped; readable by its owner only. */
export interface DemoState {
  adminKey: string;
  workerKey?: string;
  /** Evergrant's id of the client at the sandbox. */
  clientId?: string;
}

/** The state of the last start, or a first one with a new admin key. */
export function readState(file: string): DemoState {
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as DemoState;
  const adminKey = execFileSync(process.execPath, [EVERGRANT, "keys", "generate", "admin"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const state = { adminKey: adminKey.trim() };
  writeState(file, state);
  return state;
}

export function writeState(file: string, state: DemoState): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, JSON.stringify(state, null, 2), { mode: 0o600 });
}
