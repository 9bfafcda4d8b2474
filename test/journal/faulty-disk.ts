import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { openOnDisk, type DurableFile, type OpenFile } from "../../src/journal/durable-file.ts";
import type { Gate } from "../stage/gate.ts";

type Operation = "open" | "write" | "truncate" | "datasync" | "sync" | "close";

/** A real disk that fails on request, and that knows what would be left of it after a power cut. */
export interface FaultyDisk {
  open: OpenFile;
  /** What was done, as `write 000001.log`. */
  log: string[];
  /** From now on the operation fails with this code, on files whose name matches. */
  fail(operation: Operation, code: string, on?: RegExp): void;
  /** From now on writing finds no more room than so many bytes, and writes short as far as it goes. */
  limit(bytes: number): void;
  heal(): void;
  /** From now on datasync waits here. */
  holdAt(gate: Gate): void;
  /** Opens every gate, and holds nothing more. */
  release(): void;
  /** Writes to `target` what of `source` survives when the power goes now. */
  cutPower(source: string, target: string): void;
}

export function createFaultyDisk(): FaultyDisk {
  const log: string[] = [];
  const faults = new Map<Operation, { code: string; on: RegExp }>();
  /** The bytes of a file as of its last sync, and the names in a folder as of its. */
  const files = new Map<string, Buffer>();
  const folders = new Map<string, string[]>();
  let room = Number.POSITIVE_INFINITY;
  const gates: Gate[] = [];
  let gate: Gate | null = null;

  function note(operation: Operation, path: string): void {
    const name = basename(path);
    log.push(`${operation} ${name}`);
    const fault = faults.get(operation);
    if (fault?.on.test(name) === true) throw errno(fault.code);
  }

  async function write(file: DurableFile, path: string, args: Parameters<DurableFile["write"]>) {
    note("write", path);
    const [bytes, offset, length, position] = args;
    if (room === 0) throw errno("ENOSPC");
    const taken = Math.min(length, room);
    room -= taken;
    return file.write(bytes, offset, taken, position);
  }

  function wrapped(file: DurableFile, path: string): DurableFile {
    return {
      write: (...args) => write(file, path, args),
      truncate: async (length) => {
        note("truncate", path);
        await file.truncate(length);
      },
      datasync: async () => {
        note("datasync", path);
        await gate?.passed();
        await file.datasync();
        files.set(path, readFileSync(path));
      },
      sync: async () => {
        note("sync", path);
        await file.sync();
        folders.set(path, readdirSync(path));
      },
      close: async () => {
        await file.close();
        note("close", path);
      },
    };
  }

  /** What was never synced is gone with its name. */
  function survives(path: string, source: string): boolean {
    const isKnown = folders.get(dirname(path))?.includes(basename(path)) === true;
    return isKnown && (dirname(path) === source || survives(dirname(path), source));
  }

  return {
    log,
    open: async (path, flags, mode) => {
      note("open", path);
      return wrapped(await openOnDisk(path, flags, mode), path);
    },
    fail: (operation, code, on = /./) => void faults.set(operation, { code, on }),
    limit: (bytes) => (room = bytes),
    heal: () => {
      faults.clear();
      room = Number.POSITIVE_INFINITY;
    },
    holdAt: (next) => {
      gates.push(next);
      gate = next;
    },
    release: () => {
      gate = null;
      for (const each of gates) each.open();
    },
    cutPower: (source, target) => {
      for (const [path, bytes] of files) {
        if (!survives(path, source)) continue;
        const copy = join(target, relative(source, path));
        mkdirSync(dirname(copy), { recursive: true });
        writeFileSync(copy, bytes);
      }
    },
  };
}

function errno(code: string): Error {
  return Object.assign(new Error(`${code}: by request`), { code });
}
