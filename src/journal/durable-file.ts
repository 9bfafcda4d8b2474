import { open as openFile } from "node:fs/promises";
import { errnoOf } from "./failure.ts";

/** What the journal's durability hangs on; a `FileHandle` of node:fs/promises is one. */
export interface DurableFile {
  /** May write less than it was given. */
  write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  truncate(length: number): Promise<void>;
  datasync(): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export type OpenFile = (path: string, flags: string, mode?: number) => Promise<DurableFile>;

/** The disk of this machine. */
export const openOnDisk: OpenFile = openFile;

export async function writeAll(file: DurableFile, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    if (bytesWritten === 0) throw new Error("The disk takes no more bytes, and does not say why.");
    done += bytesWritten;
  }
}

/** What a file system says that has no sync of folders, as SMB and Windows; such a one keeps names by itself. */
const NO_FOLDER_SYNC: ReadonlySet<string> = new Set(["EINVAL", "ENOTSUP", "EPERM"]);

/** Makes sure that what was made in the folder is still in it after a crash. */
export async function syncFolder(open: OpenFile, path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } catch (error) {
    if (!NO_FOLDER_SYNC.has(errnoOf(error))) throw error;
  } finally {
    await folder.close();
  }
}
