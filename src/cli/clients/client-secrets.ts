import { z } from "zod";
import { clientSecretSchema } from "../../api/client-view.ts";
import { PROOFS } from "../../client/client-secret.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import { askFirst } from "../terminal/ask-first.ts";
import type { Output } from "../terminal/output.ts";
import type { Colour, Paint } from "../terminal/paint.ts";
import { printable } from "../terminal/printable.ts";
import { readSecret } from "../terminal/read-secret.ts";
import { relativeTime } from "../terminal/relative-time.ts";
import { table, type Cell } from "../terminal/table.ts";
import type { ClientSecret } from "./client.ts";
import { NOTHING } from "./show-client.ts";

export interface SecretWish {
  client: string;
  /** RFC 3339. */
  expires?: string;
  /** The algorithm of a key that is made, for a client that signs. */
  signs?: string;
}

const listSchema = z.object({ secrets: z.array(clientSecretSchema) });

export function listSecrets(
  service: ServiceClient,
  output: Output,
  { client, all }: { client: string; all: boolean },
): Promise<void> {
  return output.results(wanted(service, { client, all }), {
    all: (found) => listing(found, output.paint),
    none: "This client has no secret.",
  });
}

async function* wanted(service: ServiceClient, { client, all }: { client: string; all: boolean }) {
  const { secrets } = await service.ask({ path: path`/v1/clients/${client}/secrets` }, listSchema);
  for (const secret of secrets) if (all || !secret.is_erased) yield secret;
}

export async function addSecret(
  service: ServiceClient,
  output: Output,
  { promote, ...wish }: SecretWish & { promote: boolean },
): Promise<void> {
  const { client, expires } = wish;
  const body = {
    ...(await proofOf(wish)),
    ...(expires !== undefined && { expires_at: expires }),
    ...(promote && { promote: "when_proven" }),
  };
  const made = await service.ask(
    { method: "POST", path: path`/v1/clients/${client}/secrets`, body },
    clientSecretSchema,
  );
  output.result(made, () => `${made.id} is ${made.state}.`);
  output.remark(
    printable(made.state === "staged" ? afterStaging(client, made) : "It is used from the next request on."),
  );
}

async function proofOf({ signs }: SecretWish) {
  return signs === undefined
    ? { client_secret: await readSecret("New secret: ") }
    : { signing_key: { algorithm: signs } };
}

function afterStaging(client: string, { id, promotes_itself: promotesItself }: ClientSecret): string {
  const then = promotesItself
    ? "and becomes the active one by itself then"
    : `and then evergrant clients secrets promote ${client} ${id} makes it the active one`;
  return `${PROOFS} refreshes try it, ${then}. evergrant clients secrets list ${client} shows how far that is.`;
}

export async function promoteSecret(
  service: ServiceClient,
  output: Output,
  { client, secret, force }: { client: string; secret: string; force: boolean },
): Promise<void> {
  const request = {
    method: "POST",
    path: path`/v1/clients/${client}/secrets/${secret}/promote`,
    body: { force },
  } as const;
  const promoted = await service.ask(request, clientSecretSchema);
  output.result(promoted, () => `${promoted.id} is ${promoted.state}.`);
  output.remark("The one before is kept for a day, in case the provider refuses this one, and then erased.");
}

export async function retireSecret(
  service: ServiceClient,
  output: Output,
  { client, secret, yes }: { client: string; secret: string; yes: boolean },
): Promise<void> {
  if (!yes) await askFirst("retire", () => printable(`Erase ${secret} for good?`));
  await service.ask({ method: "DELETE", path: path`/v1/clients/${client}/secrets/${secret}` }, NOTHING);
  output.result({ id: secret, erased: true }, () => printable(`Erased ${secret}.`));
}

/** `now`: the old one has leaked, and nobody uses it any more. */
export async function rotateSecret(
  service: ServiceClient,
  output: Output,
  { now, ...wish }: SecretWish & { now: boolean },
): Promise<void> {
  const { client, expires } = wish;
  const body = {
    ...(await proofOf(wish)),
    ...(expires !== undefined && { expires_at: expires }),
    ...(now ? { stage: "active", retire: "now" } : { stage: "staged", promote: "when_proven" }),
  };
  const made = await service.ask(
    { method: "POST", path: path`/v1/clients/${client}/secrets`, body },
    clientSecretSchema,
  );
  output.result(made, () => `${made.id} is ${made.state}.`);
  output.remark(printable(now ? AFTER_EMERGENCY : afterStaging(client, made)));
}

const AFTER_EMERGENCY =
  "Every secret before it is erased here, and nothing uses one again. End them at the provider too. If the provider refuses the new one, the client is suspended until the right one is added.";

const COLOUR: Record<ClientSecret["state"], Colour> = { active: "green", staged: "yellow", retired: "dim" };

function listing(secrets: readonly ClientSecret[], paint: Paint): string {
  const header = ["ID", "STATE", "PROVEN", "LAST USED", "ENDS", "ADDED", "BY", "REMARK"].map((text): Cell => ({
    text,
    colour: "bold",
  }));
  return table([header, ...secrets.map(row)], paint).join("\n");
}

function row(secret: ClientSecret): Cell[] {
  const { state, last_used_at: usedAt, expires_at: endsAt } = secret;
  return [
    { text: secret.id },
    { text: state, colour: COLOUR[state] },
    { text: state === "staged" ? `${secret.proven_count} of ${PROOFS}` : "" },
    { text: usedAt === null ? "never" : relativeTime(usedAt) },
    { text: endsAt === null ? "" : relativeTime(endsAt) },
    { text: relativeTime(secret.created_at) },
    { text: secret.created_by ?? "" },
    { text: remark(secret) },
  ];
}

function remark({ refusal, is_erased: isErased, kept_until: keptUntil }: ClientSecret): string {
  if (refusal) return `refused (${refusal.code}) ${relativeTime(refusal.at)}`;
  if (isErased) return "erased";
  return keptUntil === null ? "" : `erased ${relativeTime(keptUntil)}`;
}
