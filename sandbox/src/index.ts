import { openSandbox, type Sandbox, type SandboxOptions } from "./sandbox.ts";

/** Starts a sandbox. Close it when done; without a data file nothing of it remains. */
export function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  return openSandbox(options, () => {});
}

export { createScriptedUser, type ScriptedUser, type Visit } from "./scripted-user.ts";
export type { Behaviour, Fault } from "./behaviour.ts";
export type { SandboxClient } from "./client-table.ts";
export type { Control } from "./control.ts";
export type { Counts } from "./counts.ts";
export type { RefreshTokenRecord } from "./refresh-token-log.ts";
export { selfSigned } from "./self-signed.ts";
export type { Sandbox, SandboxOptions } from "./sandbox.ts";
