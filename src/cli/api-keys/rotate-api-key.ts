import { readKeyId } from "../../access/api-key.ts";
import { rotatedKeySchema } from "../../api/api-key-view.ts";
import type { CommandDeps } from "../command-deps.ts";
import { readApiKey } from "../service/read-api-key.ts";
import { path, type ServiceClient } from "../service/service-client.ts";

/** Stdout has the new key alone. Without an id, the caller's own key is the one that is rotated. */
export async function rotateApiKey(
  service: ServiceClient,
  { output, environment }: CommandDeps,
  { id, overlap }: { id: string | undefined; overlap: number },
): Promise<void> {
  const which = id ?? readKeyId(readApiKey(environment)) ?? "";
  const body = { overlap_seconds: overlap };
  const made = await service.ask({ method: "POST", path: path`/v1/api-keys/${which}/rotate`, body }, rotatedKeySchema);
  output.result(made, () => made.key);
  output.remark(
    `Made ${made.id}. The key is shown this once; ${made.replaces} works until ${made.replaced_expires_at}.`,
  );
}
