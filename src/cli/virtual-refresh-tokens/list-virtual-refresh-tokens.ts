import { z } from "zod";
import { virtualRefreshTokenSchema } from "../../api/virtual-refresh-token-view.ts";
import type { ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import type { Colour, Paint } from "../terminal/paint.ts";
import { relativeTime } from "../terminal/relative-time.ts";
import { table, type Cell } from "../terminal/table.ts";

export interface VirtualRefreshTokenFilter {
  connection?: string;
  all?: boolean;
}

type VirtualRefreshToken = z.infer<typeof virtualRefreshTokenSchema>;

const pageSchema = z.object({
  virtual_refresh_tokens: z.array(virtualRefreshTokenSchema),
  next_after: z.string().nullable(),
});

const PAGE = 200;

export function listVirtualRefreshTokens(
  service: ServiceClient,
  output: Output,
  filter: VirtualRefreshTokenFilter,
): Promise<void> {
  return output.results(wanted(service, filter), {
    all: (found) => listing(found, output.paint),
    none: "No virtual refresh tokens that live. evergrant virtual-refresh-tokens list --all shows the others.",
  });
}

async function* wanted(service: ServiceClient, { connection, all = false }: VirtualRefreshTokenFilter) {
  let after: string | null = null;
  do {
    const query: Record<string, string | number | undefined> = { limit: PAGE, connection, after: after ?? undefined };
    const request = { path: "/v1/virtual-refresh-tokens", query };
    const page: z.infer<typeof pageSchema> = await service.ask(request, pageSchema);
    for (const token of page.virtual_refresh_tokens) if (all || stateOf(token) === "live") yield token;
    after = page.next_after;
  } while (after !== null);
}

type State = "live" | "expired" | "revoked";

const COLOUR: Record<State, Colour> = { live: "green", expired: "dim", revoked: "dim" };

function stateOf({ revoked_at: revokedAt, expires_at: expiresAt }: VirtualRefreshToken): State {
  if (revokedAt !== null) return "revoked";
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? "expired" : "live";
}

function listing(tokens: readonly VirtualRefreshToken[], paint: Paint): string {
  const header = ["ID", "STATE", "ENDS", "LAST USED", "FROM", "CONNECTION", "NAME"].map((text): Cell => ({
    text,
    colour: "bold",
  }));
  return table([header, ...tokens.map(row)], paint).join("\n");
}

function row(token: VirtualRefreshToken): Cell[] {
  const { expires_at: endsAt, last_used_at: usedAt } = token;
  return [
    { text: token.id },
    { text: stateOf(token), colour: COLOUR[stateOf(token)] },
    { text: endsAt === null ? "never" : relativeTime(endsAt) },
    { text: usedAt === null ? "never" : relativeTime(usedAt) },
    { text: token.last_used_from ?? "" },
    { text: token.connection },
    { text: token.name ?? "" },
  ];
}
