import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { ACCESS_TOKEN } from "../../facade/token-exchange.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Output } from "../terminal/output.ts";

interface Wish {
  connectionId: string;
  /** An API key or an agent token. */
  subject: string;
  origin: string;
  out?: string;
  keyFile?: string;
  project?: string;
  overwrite?: boolean;
}

/**
 * The credentials name a file for the subject token and not a URL, whose headers would hold the secret, nor a command, which
 * takes a second variable. The libraries read the file at each exchange, so that a key is changed by changing it.
 */
export function writeGoogleFiles(output: Output, wish: Wish): void {
  const { connectionId, subject, origin, project, overwrite = false } = wish;
  const file = resolve(wish.out ?? `${connectionId}.json`);
  const keyFile = resolve(wish.keyFile ?? `${file.replace(/\.json$/, "")}.key`);
  const credentials = {
    type: "external_account",
    audience: connectionId,
    subject_token_type: ACCESS_TOKEN,
    token_url: `${origin}/oauth/token`,
    credential_source: { file: keyFile, format: { type: "text" } },
    ...(project !== undefined && { project_id: project }),
  };
  if (!overwrite) for (const path of [keyFile, file]) requireFree(path);
  put(keyFile, subject, overwrite);
  put(file, `${JSON.stringify(credentials, null, 2)}\n`, overwrite);
  output.result({ file, key_file: keyFile }, () => file);
  output.remark(`Set GOOGLE_APPLICATION_CREDENTIALS to it. The key is in ${keyFile}, and nowhere else.`);
}

function requireFree(path: string): void {
  if (existsSync(path)) throw inTheWay(path);
}

/** Whoever reads meanwhile reads the one or the other, and nothing half written. */
function put(path: string, text: string, overwrite: boolean): void {
  const fresh = overwrite ? `${path}.new` : path;
  try {
    if (overwrite) rmSync(fresh, { force: true });
    writeFileSync(fresh, text, { flag: "wx", mode: 0o600 });
    if (overwrite) renameSync(fresh, path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    if (code === "EEXIST") throw inTheWay(path);
    throw new CommandFailure({
      exit: "failed",
      code: "not_written",
      detail: `${path} cannot be written (${code}).`,
      next: "Name a file in a folder that is there and that you may write to, with --out and --key-file.",
    });
  }
}

function inTheWay(path: string): CommandFailure {
  return new CommandFailure({
    exit: "usage",
    code: "file_exists",
    detail: `${path} exists already, and is not replaced.`,
    next: "Name another file, or add --overwrite.",
  });
}
