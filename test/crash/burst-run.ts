import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Chance } from "./chance.ts";
import type { DatabaseKind } from "./database.ts";
import { expireAllAt, populate } from "./populate.ts";
import { openServiceStage, type ServiceStage } from "./service-stage.ts";
import { startTokenEndpoint, type TokenEndpoint } from "./token-endpoint.ts";

export interface BurstOptions {
  database: DatabaseKind;
  processes: number;
  /** Of each provider, all of which expire in the same moment. */
  connections: number;
  perSecond: number;
  chance: Chance;
}

export interface BurstRun {
  /** When the token requests came, in milliseconds after the moment of expiry, ascending. */
  measured: number[];
  /** To the provider beside it. */
  other: number[];
  /** How long callers waited for a token of the provider that answers, in milliseconds, ascending. */
  waits: number[];
  /** Callers that got none. */
  failures: number;
  /** How long the provider itself was kept from noting a request, at most, in milliseconds. */
  lag: number;
}

/** Requests under way at once, by one process; the rate is what limits those that are answered. */
const CONCURRENT = 32;
const CALLERS = 8;
const CALLER_PAUSE = 100;
const NOTICE = 4_000;

/** One provider that answers, and beside it, for as many connections, one that answers too or says nothing. */
export async function runBurst(options: BurstOptions, otherOne: "answers" | "hangs"): Promise<BurstRun> {
  const { database, processes } = options;
  const service = await openServiceStage({ database, processes });
  const [measured, other] = await Promise.all([startTokenEndpoint("answers"), startTokenEndpoint(otherOne)]);
  try {
    const ids = await addProvider(service, "measured", measured, options);
    await addProvider(service, "other", other, options);
    const moment = Date.now() + NOTICE;
    await expireAllAt(service.shared, moment);
    await sleep(moment - Date.now());
    const delays = monitorEventLoopDelay({ resolution: 5 });
    delays.enable();
    const callers = await callUntilDone(service, { ids, endpoint: measured, chance: options.chance });
    const after = ({ arrivals }: TokenEndpoint): number[] => arrivals.map((at) => at - moment);
    return { measured: after(measured), other: after(other), ...callers, lag: delays.max / 1e6 };
  } finally {
    await Promise.all(service.cluster.processes().map((running) => running.kill()));
    await service.close();
    await Promise.all([measured.close(), other.close()]);
  }
}

async function addProvider(
  service: ServiceStage,
  providerId: string,
  { url }: TokenEndpoint,
  { connections, perSecond }: BurstOptions,
): Promise<string[]> {
  const { api } = service.cluster;
  await api("PUT", `/v1/providers/${providerId}`, {
    name: providerId,
    authorization_url: url,
    token_url: url,
    replay: { class: "punished" },
    pace: { per_second: perSecond, concurrent: CONCURRENT },
  });
  const client = await api("POST", "/v1/clients", { provider: providerId, client_id: "burst", client_secret: "s" });
  return populate(service, { clientId: client.at("id"), providerId, count: connections });
}

interface Calling {
  ids: readonly string[];
  endpoint: TokenEndpoint;
  chance: Chance;
}

/** Callers ask for tokens of the provider that answers until it has been asked for all of them. */
async function callUntilDone({ cluster, adminKey }: ServiceStage, { ids, endpoint, chance }: Calling) {
  const waits: number[] = [];
  let failures = 0;

  async function call(): Promise<void> {
    while (endpoint.arrivals.length < ids.length) {
      const path = `/v1/connections/${chance.pick(ids)}/access-token`;
      const askedAt = performance.now();
      const headers = { authorization: `Bearer ${adminKey}` };
      const response = await fetch(`${chance.pick(cluster.urls())}${path}`, { headers });
      await response.arrayBuffer();
      if (response.ok) waits.push(performance.now() - askedAt);
      else failures++;
      await sleep(CALLER_PAUSE);
    }
  }

  await Promise.all(Array.from({ length: CALLERS }, call));
  return { waits: waits.toSorted((a, b) => a - b), failures };
}
