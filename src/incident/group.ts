import { DEFAULT_TENANT } from "../access/store.ts";
import type { Cause, Confidence } from "../connection/cause.ts";
import { HOUR, MINUTE } from "../runtime/clock.ts";
import type { IncidentKind } from "./incident.ts";

/** A connection that is not well, as it was found when something was heard of it. */
export interface Failure {
  connectionId: string;
  tenantId: string;
  clientId: string;
  providerId: string;
  condition: "held" | "ended" | "troubled";
  generation: number;
  cause: Cause;
  confidence: Confidence;
  code: string | null;
  at: number;
}

/** An incident that is to be opened, with its first members. */
export interface Opening {
  kind: IncidentKind;
  scope: string;
  tenantId: string | null;
  clientId: string | null;
  providerId: string | null;
  failures: readonly Failure[];
}

/** Failures within this time may belong together. */
export const INCIDENT_WINDOW = 10 * MINUTE;

/** What fails so long after the last one of an open incident does not join it by itself. */
export const JOINED_FOR = HOUR;

/** So few are no coincidence where a client has few connections. */
const SEVERAL = 3;
/** Where it has many, users act by themselves now and then: this share of them has to fail. */
const TELLING_SHARE = 0.01;
/** So many are an incident whatever their share; the brake begins there too. */
const ALWAYS_TELLING = 20;
/** Counting connections beyond this many changes nothing. */
export const MOST_COUNTED = ALWAYS_TELLING / TELLING_SHARE;

/** From this share on, something concerns one of several alone. */
const MOSTLY = 0.75;

const PROVIDERS_TROUBLE: ReadonlySet<Cause> = new Set<Cause>([
  "provider_unavailable",
  "provider_rate_limited",
  "provider_response_unrecognised",
]);

/** Of which incidents a failure is one, the narrowest first; none where it stands for itself. */
export function scopesOf({ condition, cause, tenantId, clientId, providerId }: Failure): string[] {
  if (condition === "troubled") {
    if (cause === "key_unavailable") return [`key:${tenantId}`];
    return PROVIDERS_TROUBLE.has(cause) ? [`trouble:${providerId}`] : [];
  }
  return [`client:${clientId}`, `tenant:${tenantId}`, `provider:${providerId}`];
}

/**
 * What failures of the last minutes have in common. What is a tenant's is taken before what is a provider's, and that before what
 * is a client's. `sizes`: how many connections each client has, counted up to `MOST_COUNTED`.
 */
export function group(failures: readonly Failure[], sizes: ReadonlyMap<string, number>): Opening[] {
  const troubled = failures.filter(({ condition }) => condition === "troubled");
  const rejected = failures.filter(({ condition }) => condition !== "troubled");
  const ofKeys = openings(troubled, ({ cause }) => cause === "key_unavailable", keyOpening);
  const ofTrouble = openings(troubled, ({ cause }) => PROVIDERS_TROUBLE.has(cause), troubleOpening);
  const ofTenants = openings(rejected, ({ tenantId }) => tenantId !== DEFAULT_TENANT, tenantOpening).filter(
    ({ failures: found }) => isSpread(found) && isTelling(found, sizes) && isMostly(found, rejected),
  );
  const left = without(rejected, ofTenants);
  const ofProviders = openings(left, () => true, providerOpening).filter(
    ({ failures: found }) => isSpread(found) && isTelling(found, sizes),
  );
  const rest = without(left, ofProviders);
  const ofClients = openings(rest, () => true, clientOpening).filter(({ failures: found }) => isTelling(found, sizes));
  return [
    ...ofKeys,
    ...ofTrouble.filter(({ failures: found }) => found.length >= SEVERAL),
    ...ofTenants,
    ...ofProviders,
    ...ofClients,
  ];
}

type Frame = Omit<Opening, "failures">;

const NOWHERE = { tenantId: null, clientId: null, providerId: null };

function keyOpening({ tenantId }: Failure): Frame {
  return { ...NOWHERE, kind: "key_unavailable", scope: `key:${tenantId}`, tenantId };
}

function troubleOpening({ providerId }: Failure): Frame {
  return { ...NOWHERE, kind: "provider", scope: `trouble:${providerId}`, providerId };
}

function tenantOpening({ tenantId }: Failure): Frame {
  return { ...NOWHERE, kind: "tenant", scope: `tenant:${tenantId}`, tenantId };
}

function providerOpening({ providerId }: Failure): Frame {
  return { ...NOWHERE, kind: "provider", scope: `provider:${providerId}`, providerId };
}

function clientOpening({ clientId, providerId }: Failure): Frame {
  return { ...NOWHERE, kind: "rejections", scope: `client:${clientId}`, clientId, providerId };
}

function openings(
  failures: readonly Failure[],
  belongs: (failure: Failure) => boolean,
  frameOf: (failure: Failure) => Frame,
): Opening[] {
  const byScope = new Map<string, { frame: Frame; failures: Failure[] }>();
  for (const failure of failures.filter(belongs)) {
    const frame = frameOf(failure);
    const found = byScope.get(frame.scope) ?? { frame, failures: [] };
    found.failures.push(failure);
    byScope.set(frame.scope, found);
  }
  return [...byScope.values()].map(({ frame, failures: found }) => ({ ...frame, failures: found }));
}

function without(failures: readonly Failure[], taken: readonly Opening[]): Failure[] {
  const gone = new Set(taken.flatMap((opening) => opening.failures));
  return failures.filter((failure) => !gone.has(failure));
}

/** Over several clients, and not one client's with a stray one beside. */
function isSpread(failures: readonly Failure[]): boolean {
  const most = Math.max(...counts(failures.map(({ clientId }) => clientId)).values());
  return most < failures.length * MOSTLY;
}

/** Nobody else fails at the same providers. */
function isMostly(found: readonly Failure[], all: readonly Failure[]): boolean {
  const providers = new Set(found.map(({ providerId }) => providerId));
  const there = all.filter(({ providerId }) => providers.has(providerId));
  return found.length >= there.length * MOSTLY;
}

function isTelling(failures: readonly Failure[], sizes: ReadonlyMap<string, number>): boolean {
  const clients = new Set(failures.map(({ clientId }) => clientId));
  const size = [...clients].reduce((sum, id) => sum + (sizes.get(id) ?? 0), 0);
  return sharing(failures) >= toBeTelling(size) || failures.length >= ALWAYS_TELLING;
}

/** Failures that it takes among so many connections. */
export function toBeTelling(connections: number): number {
  return Math.min(ALWAYS_TELLING, Math.max(SEVERAL, Math.ceil(connections * TELLING_SHARE)));
}

/** How many may have one cause: those of the commonest clear one, and those of which nobody is sure. */
function sharing(failures: readonly Failure[]): number {
  const clear = failures.filter(({ confidence }) => confidence !== "possible");
  const most = Math.max(0, ...counts(clear.map(({ cause }) => cause)).values());
  return most + failures.length - clear.length;
}

function counts(names: readonly string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const name of names) found.set(name, (found.get(name) ?? 0) + 1);
  return found;
}
