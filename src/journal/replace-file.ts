import { open, rename } from "node:fs/promises";

/** Writes a small file so that a reader, and a crash, find the old text or the new one, never a part. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const next = `${path}.next`;
  const file = await open(next, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(next, path);
}
