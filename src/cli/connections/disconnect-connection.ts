import { z } from "zod";
import { connectionDetailSchema } from "../../api/connection-view.ts";
import { CommandFailure } from "../command-failure.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import { confirm } from "../terminal/confirm.ts";
import type { Output } from "../terminal/output.ts";
import { printable } from "../terminal/printable.ts";
import { describeAccount } from "./describe-account.ts";

const disconnectedSchema = z.looseObject({ id: z.string(), revocation: z.string(), detail: z.string() });

export async function disconnectConnection(
  service: ServiceClient,
  output: Output,
  { id, yes }: { id: string; yes: boolean },
): Promise<void> {
  if (!yes) await askFirst(service, id);
  const result = await service.ask({ method: "DELETE", path: path`/v1/connections/${id}` }, disconnectedSchema);
  output.result(result, () => `Disconnected ${result.id}. ${printable(result.detail)}`);
}

async function askFirst(service: ServiceClient, id: string): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw notDone("usage", "usage", "Nobody can be asked here, as this is no terminal.", "Add --yes to disconnect.");
  }
  const connection = await service.ask({ path: path`/v1/connections/${id}` }, connectionDetailSchema);
  const question = printable(`Disconnect ${connection.id} (${describeAccount(connection)}) for good?`);
  if (!(await confirm(question, { input: process.stdin, output: process.stderr }))) {
    throw notDone("failed", "cancelled", "Nothing was changed.");
  }
}

function notDone(exit: "usage" | "failed", code: string, detail: string, next?: string): CommandFailure {
  return new CommandFailure({ exit, code, detail, next });
}
