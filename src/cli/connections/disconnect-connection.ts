import { z } from "zod";
import { connectionDetailSchema } from "../../api/connection-view.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import { askFirst } from "../terminal/ask-first.ts";
import type { Output } from "../terminal/output.ts";
import { printable } from "../terminal/printable.ts";
import { describeAccount } from "./describe-account.ts";

const disconnectedSchema = z.looseObject({ id: z.string(), revocation: z.string(), detail: z.string() });

export async function disconnectConnection(
  service: ServiceClient,
  output: Output,
  { id, yes }: { id: string; yes: boolean },
): Promise<void> {
  if (!yes) await askFirst("disconnect", () => question(service, id));
  const result = await service.ask({ method: "DELETE", path: path`/v1/connections/${id}` }, disconnectedSchema);
  output.result(result, () => `Disconnected ${result.id}. ${printable(result.detail)}`);
}

async function question(service: ServiceClient, id: string): Promise<string> {
  const connection = await service.ask({ path: path`/v1/connections/${id}` }, connectionDetailSchema);
  return printable(`Disconnect ${connection.id} (${describeAccount(connection)}) for good?`);
}
