import { z } from "zod";
import { connectionSchema } from "../../api/connection-view.ts";
import { EXIT } from "../exit-codes.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import { printable } from "../terminal/printable.ts";
import type { Connection } from "./connection.ts";
import { describeAccount } from "./describe-account.ts";
import { nextStep } from "./next-step.ts";

export const checkedSchema = z.object({
  connection: connectionSchema,
  proven_by: z.enum(["userinfo", "refresh"]).nullable(),
});

export type Checked = z.infer<typeof checkedSchema>;

/** Returns the exit code: what the provider said about the connection. */
export async function checkConnection(service: ServiceClient, output: Output, id: string): Promise<number> {
  const checked = await service.ask({ method: "POST", path: path`/v1/connections/${id}/check` }, checkedSchema);
  output.result(checked, () => describe(checked, output));
  return exitCodeOf(checked);
}

function exitCodeOf({ connection, proven_by: provenBy }: Checked): number {
  if (provenBy !== null) return EXIT.ok;
  switch (connection.status) {
    case "reauthorization_required":
      return EXIT.reauthorization_required;
    case "disconnected":
      return EXIT.failed;
    case "active":
    case "degraded":
    case "suspended":
      return EXIT.unavailable;
  }
}

function describe({ connection, proven_by: provenBy }: Checked, { paint }: Output): string {
  const which = printable(`${connection.id} (${describeAccount(connection)})`);
  if (provenBy !== null) return `${paint("green", "Works:")} ${which}, proven by ${PROOF[provenBy]}`;
  const next = nextStep(connection);
  return [
    `${paint("red", "Not proven:")} ${which} is ${connection.status}`,
    ...why(connection),
    ...(next === null ? [] : [`Next: ${next}`]),
  ].join("\n");
}

const PROOF = { userinfo: "a read at its userinfo endpoint", refresh: "a refresh" } as const;

function why({ diagnosis }: Connection): string[] {
  return diagnosis ? [printable(diagnosis.sentence)] : [];
}
