import type { Transport, TransportFailure } from "../../oauth/http.ts";
import { createCatalogue } from "../../provider/catalogue.ts";
import type { Provider } from "../../provider/provider.ts";
import { SECOND } from "../../runtime/clock.ts";
import { readBuiltInProviders } from "../../service/built-in-providers.ts";
import type { Database } from "../../store/database.ts";
import { createProviderStore } from "../../store/providers.ts";

/** A visit to the host that a provider's token requests go to. */
export interface Visit {
  provider: string;
  host: string;
  /** `undefined_provider`: clients use it, but nothing defines it any more. */
  outcome: "reached" | TransportFailure["reason"] | "undefined_provider";
  /** How far this machine's clock is ahead of the host's, in milliseconds; null when the host did not say its time. */
  ahead: number | null;
}

const DEADLINE = 10 * SECOND;

/** Asks each provider that a client uses for its front page: no token, no secret, nothing that counts as an attempt. */
export async function reachProviders(transport: Transport, database: Database): Promise<Visit[]> {
  const catalogue = createCatalogue(readBuiltInProviders(), createProviderStore(database));
  const used = await usedProviders(database);
  const visits = used.map(async (id) => {
    const provider = await catalogue.find(id);
    return provider
      ? Promise.all(tokenOrigins(provider).map((origin) => visit(transport, id, origin)))
      : [{ provider: id, host: "", outcome: "undefined_provider", ahead: null } as const];
  });
  return (await Promise.all(visits)).flat();
}

async function usedProviders(database: Database): Promise<string[]> {
  const query = database.read((queries) =>
    queries.selectFrom("clients").select("provider_id").distinct().orderBy("provider_id").execute(),
  );
  return (await query).map((row) => row.provider_id);
}

function tokenOrigins({ token_url: tokenUrl, refresh_url: refreshUrl }: Provider): string[] {
  return [...new Set([tokenUrl, ...(refreshUrl === null ? [] : [refreshUrl])].map((url) => new URL(url).origin))];
}

async function visit(transport: Transport, provider: string, origin: string): Promise<Visit> {
  const sentAt = Date.now();
  const result = await transport.send({ method: "GET", url: `${origin}/`, headers: {} }, { deadlineMs: DEADLINE });
  const { host } = new URL(origin);
  if (result.kind === "failure") return { provider, host, outcome: result.reason, ahead: null };
  const middle = (sentAt + Date.now()) / 2;
  return { provider, host, outcome: "reached", ahead: ahead(middle, result.response.headers["date"]) };
}

/** `Date` has whole seconds (RFC 9110 §6.6.1), so its middle is the better guess. */
function ahead(here: number, date: string | undefined): number | null {
  const there = Date.parse(date ?? "") + SECOND / 2;
  return Number.isNaN(there) ? null : Math.round(here - there);
}
