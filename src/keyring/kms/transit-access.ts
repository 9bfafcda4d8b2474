import { readFile } from "node:fs/promises";
import { secret, type Secret } from "../../runtime/secret.ts";
import { KeyServiceRefusal } from "./key-failure.ts";

/** What a Transit engine is told about who asks. */
export interface TransitAccess {
  /** A file is read at each call: an agent beside this process may renew the token in it. Null when none was set. */
  token: { kind: "value"; text: Secret<string> } | { kind: "file"; path: string } | null;
  /** For servers that have namespaces. */
  namespace: string | null;
}

const TOKEN = /^[\x21-\x7e]{1,4096}$/;

/** The token as it is at this moment. */
export async function readTransitToken({ token }: TransitAccess): Promise<Secret<string>> {
  if (token === null) throw new KeyServiceRefusal("no_identity", "no token");
  const text = token.kind === "value" ? token.text.reveal() : await readTokenFile(token.path);
  if (!TOKEN.test(text.trim())) throw new KeyServiceRefusal("no_identity", "not a token");
  return secret(text.trim());
}

async function readTokenFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    throw new KeyServiceRefusal("no_identity", "token file unreadable");
  }
}
