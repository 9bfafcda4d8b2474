import { connectionDetailSchema } from "../../api/connection-view.ts";
import { CommandFailure } from "../command-failure.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import { askFirst } from "../terminal/ask-first.ts";
import type { Output } from "../terminal/output.ts";
import { printable } from "../terminal/printable.ts";
import { describeAccount } from "./describe-account.ts";
import { allConnections } from "./list-connections.ts";

export async function releaseConnection(service: ServiceClient, output: Output, id: string): Promise<void> {
  const connection = await release(service, id);
  const which = printable(`${connection.id} (${describeAccount(connection)})`);
  output.result(connection, () => `Released ${which}. Its stored refresh token is tried now.`);
}

/** Releases every held connection that this key can see; one that is not held any more by then is left alone. */
export async function releaseHeld(service: ServiceClient, output: Output, { yes }: { yes: boolean }): Promise<void> {
  const ids = await heldIds(service);
  if (ids.length > 0 && !yes) {
    await askFirst("release", () => `Try the stored refresh tokens of ${ids.length} held connections?`);
  }
  let released = 0;
  for (const id of ids) released += await release(service, id).then(() => 1, notHeld);
  output.result({ held: ids.length, released }, () => describe(ids.length, released));
}

function release(service: ServiceClient, id: string) {
  return service.ask({ method: "POST", path: path`/v1/connections/${id}/release` }, connectionDetailSchema);
}

async function heldIds(service: ServiceClient): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id, diagnosis } of allConnections(service, { status: "suspended" })) {
    if (diagnosis?.cause === "restored_from_backup") ids.push(id);
  }
  return ids;
}

function notHeld(error: unknown): 0 {
  if (error instanceof CommandFailure && (error.facts.code === "conflict" || error.facts.exit === "not_found"))
    return 0;
  throw error;
}

function describe(held: number, released: number): string {
  if (held === 0) return "No connection is held.";
  const rest = held === released ? "" : ` ${held - released} were not held any more.`;
  return `Released ${released} of ${held} held connections. Their stored refresh tokens are tried now.${rest}`;
}
