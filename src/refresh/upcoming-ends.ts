import type { Client } from "../client/client.ts";
import { providerOf } from "../client/provider-of.ts";
import { whoActs, type Cause, type WhoActs } from "../connection/cause.ts";
import type { Ending, OverviewStore } from "../connection/overview.ts";
import { SECOND } from "../runtime/clock.ts";
import { TESTING_LIFE } from "./consent-end.ts";
import type { RefreshPorts } from "./ports.ts";

/** The end of a consent that refreshing cannot put off, or of a refresh token that is never replaced. */
export interface UpcomingEnd extends Ending {
  kind: EndKind;
  whoActs: WhoActs;
}

export const END_KINDS = ["consent", "testing", "refresh_token"] as const;

export type EndKind = (typeof END_KINDS)[number];

export type EndPorts = Pick<RefreshPorts, "clients" | "catalogue" | "clock"> & {
  overview: Pick<OverviewStore, "consented" | "ending">;
};

/** What ends within that time, the soonest first. It is asked for by how long consents live, and not by connection. */
export async function upcomingEnds(
  ports: EndPorts,
  { tenantId, withinMs, limit }: { tenantId: string; withinMs: number; limit: number },
): Promise<UpcomingEnd[]> {
  const now = ports.clock.now();
  const found: UpcomingEnd[] = [];
  for (const { kind, lifeMs, clientIds } of await lives(ports, tenantId)) {
    const query = { tenantId, clientIds, from: now - lifeMs, to: now - lifeMs + withinMs, limit };
    const endings = await (kind === "refresh_token" ? ports.overview.ending(query) : ports.overview.consented(query));
    found.push(...endings.map((each) => ({ ...each, at: each.at + lifeMs, kind, whoActs: whoActs(CAUSE_OF[kind]) })));
  }
  return soonestOfEach(found).slice(0, limit);
}

/** What the end will be the cause of. */
const CAUSE_OF: Record<EndKind, Cause> = {
  consent: "absolute_lifetime_reached",
  testing: "testing_status_expired",
  refresh_token: "absolute_lifetime_reached",
};

interface Life {
  kind: EndKind;
  /** From the consent; 0 where the provider says when it ends. */
  lifeMs: number;
  clientIds: string[];
}

/** How long consents to the tenant's clients live, and to which of them so long. */
async function lives(ports: EndPorts, tenantId: string): Promise<Life[]> {
  const found = new Map<string, Life>();
  for (const client of await clientsOf(ports, tenantId)) {
    for (const { kind, lifeMs } of await livesOf(ports, client)) {
      const key = `${kind} ${lifeMs}`;
      const life = found.get(key) ?? { kind, lifeMs, clientIds: [] };
      life.clientIds.push(client.id);
      found.set(key, life);
    }
  }
  return [...found.values()];
}

async function livesOf({ catalogue }: EndPorts, client: Client): Promise<Omit<Life, "clientIds">[]> {
  const provider = await providerOf(catalogue, client);
  const absolute = provider?.lifetimes.absolute_seconds ?? null;
  return [
    ...(absolute === null ? [] : [{ kind: "consent", lifeMs: absolute * SECOND } as const]),
    ...(client.settings.testing ? [{ kind: "testing", lifeMs: TESTING_LIFE } as const] : []),
    ...(provider?.rotation === "never" ? [{ kind: "refresh_token", lifeMs: 0 } as const] : []),
  ];
}

const CLIENTS_AT_ONCE = 500;

async function clientsOf({ clients }: EndPorts, tenantId: string): Promise<Client[]> {
  const all: Client[] = [];
  for (let after: string | null = null; ; after = all.at(-1)?.id ?? null) {
    const page: Client[] = await clients.list({ tenantId, after, limit: CLIENTS_AT_ONCE, providerId: null });
    all.push(...page);
    if (page.length < CLIENTS_AT_ONCE) return all;
  }
}

/** A consent may end for more than one reason; the first counts. */
function soonestOfEach(ends: readonly UpcomingEnd[]): UpcomingEnd[] {
  const soonest = new Map<string, UpcomingEnd>();
  for (const end of ends.toSorted((a, b) => a.at - b.at)) {
    if (!soonest.has(end.connectionId)) soonest.set(end.connectionId, end);
  }
  return [...soonest.values()];
}
