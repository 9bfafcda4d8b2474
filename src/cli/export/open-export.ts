import { readFileSync } from "node:fs";
import { compactDecrypt } from "jose";
import { CommandFailure } from "../command-failure.ts";
import type { Output } from "../terminal/output.ts";
import { newFile } from "./new-file.ts";
import { readPrivateKey } from "./recipient-key.ts";

/** Opens a sealed document into a file that `evergrant import file` reads. */
export async function openExport(
  output: Output,
  { document, key, out }: { document: string; key: string; out: string },
): Promise<void> {
  const plain = await opened(document, key);
  const rows = plain.split("\n").length - 1;
  newFile(out).fill(plain);
  output.result(
    { out, connections: rows },
    () => `${rows} connections are in ${out}, open. Delete it when they are imported.`,
  );
}

async function opened(document: string, key: string): Promise<string> {
  const privateKey = readPrivateKey(key);
  try {
    const { plaintext } = await compactDecrypt(readFileSync(document, "utf8").trim(), privateKey, {
      keyManagementAlgorithms: ["ECDH-ES"],
      contentEncryptionAlgorithms: ["A256GCM"],
    });
    return new TextDecoder().decode(plaintext);
  } catch {
    throw new CommandFailure({
      exit: "usage",
      code: "usage",
      detail: `${document} does not open with this key.`,
      next: "It has to be the document that evergrant export fetch wrote, whole, and the key that it was sealed for.",
    });
  }
}
