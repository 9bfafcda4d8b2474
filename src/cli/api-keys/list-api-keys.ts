import { z } from "zod";
import { apiKeySchema } from "../../api/api-key-view.ts";
import type { ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import type { Colour, Paint } from "../terminal/paint.ts";
import { relativeTime } from "../terminal/relative-time.ts";
import { table, type Cell } from "../terminal/table.ts";

type ApiKey = z.infer<typeof apiKeySchema>;

const listSchema = z.object({ api_keys: z.array(apiKeySchema) });

export function listApiKeys(service: ServiceClient, output: Output, filter: { all: boolean }): Promise<void> {
  return output.results(wanted(service, filter), {
    all: (found) => listing(found, output.paint),
    none: "No API keys that live. evergrant api-keys list --all shows the others.",
  });
}

async function* wanted(service: ServiceClient, { all }: { all: boolean }) {
  const { api_keys: keys } = await service.ask({ path: "/v1/api-keys" }, listSchema);
  for (const key of keys) if (all || stateOf(key) === "live" || stateOf(key) === "replaced") yield key;
}

type State = "live" | "replaced" | "expired" | "revoked";

const COLOUR: Record<State, Colour> = { live: "green", replaced: "yellow", expired: "dim", revoked: "dim" };

/** A replaced key lives on until its end. */
function stateOf({ revoked_at: revokedAt, expires_at: expiresAt, replaced_by: replacedBy }: ApiKey): State {
  if (revokedAt !== null) return "revoked";
  if (expiresAt !== null && Date.parse(expiresAt) <= Date.now()) return "expired";
  return replacedBy === null ? "live" : "replaced";
}

function listing(keys: readonly ApiKey[], paint: Paint): string {
  const header = ["ID", "STATE", "ENDS", "LAST USED", "FROM", "SCOPES", "NAME"].map((text): Cell => ({
    text,
    colour: "bold",
  }));
  return table([header, ...keys.map(row)], paint).join("\n");
}

function row(key: ApiKey): Cell[] {
  const { expires_at: endsAt, last_used_at: usedAt } = key;
  return [
    { text: key.id },
    { text: stateOf(key), colour: COLOUR[stateOf(key)] },
    { text: endsAt === null ? "never" : relativeTime(endsAt) },
    { text: usedAt === null ? "never" : relativeTime(usedAt) },
    { text: key.last_used_from ?? "" },
    { text: key.scopes.join(" ") },
    { text: key.name },
  ];
}
