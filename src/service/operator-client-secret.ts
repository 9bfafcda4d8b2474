import { readFile } from "node:fs/promises";
import { secret, type Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { OperatorClientSecret } from "./operator-sign-in-settings.ts";

/** A file is read each time: whoever changes the secret need not stop the service. Throws `key_unavailable`. */
export async function readOperatorClientSecret(source: OperatorClientSecret | null): Promise<Secret<string> | null> {
  if (source?.kind !== "file") return source && source.text;
  const text = (await readFile(source.path, "utf8").catch(() => "")).trim();
  if (text !== "") return secret(text);
  throw new ServiceError(
    "key_unavailable",
    "EVERGRANT_OPERATOR_CLIENT_SECRET_FILE names a file that cannot be read, or is empty.",
    { reason: "client_secret_file" },
  );
}
