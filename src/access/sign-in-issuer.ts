import type { JSONWebKeySet } from "jose";
import type { Transport } from "../oauth/http.ts";
import { readKeySet } from "../oauth/key-set.ts";
import type { ServerMetadata } from "../oauth/metadata.ts";
import { askForMetadata } from "../provider/discovery.ts";
import { HOUR, MINUTE, SECOND, type Clock } from "../runtime/clock.ts";
import { createKept } from "../runtime/kept.ts";
import { ServiceError } from "../runtime/service-error.ts";

/** The authorization server at which operators sign in, as far as it describes itself. */
export interface SignInIssuer {
  /** Throws `provider_unavailable` and `discovery_failed`, as the others do. */
  metadata(): Promise<ServerMetadata>;
  /** What it signs with. */
  keys(): Promise<JSONWebKeySet>;
  /** The same, not older than a minute: for a signature by a key that was not among them. */
  newKeys(): Promise<JSONWebKeySet>;
}

const KEPT = HOUR;
const KEYS_AGAIN = MINUTE;
const DEADLINE = 10 * SECOND;
const TRY_AGAIN = 10 * SECOND;

export function createSignInIssuer(transport: Transport, clock: Clock, issuer: string): SignInIssuer {
  const metadata = createKept(clock, () => discover(transport, issuer));
  const keys = createKept(clock, async () => readKeys(transport, (await metadata(KEPT)).jwks_uri ?? null));
  return { metadata: () => metadata(KEPT), keys: () => keys(KEPT), newKeys: () => keys(KEYS_AGAIN) };
}

async function discover(transport: Transport, issuer: string): Promise<ServerMetadata> {
  const { metadata, failures, isReached } = await askForMetadata(transport, issuer);
  if (metadata) return metadata;
  const said = [...new Set(failures)].join("; ");
  throw isReached ? unusable(`no usable metadata: ${said}`) : unreachable(said);
}

async function readKeys(transport: Transport, url: string | null): Promise<JSONWebKeySet> {
  if (url === null) throw unusable("no `jwks_uri` in its metadata");
  const result = await transport.send(
    { method: "GET", url, headers: { accept: "application/json" } },
    { deadlineMs: DEADLINE },
  );
  if (result.kind === "failure") throw unreachable(result.reason);
  const { status, body } = result.response;
  const keys = status === 200 ? readKeySet(body) : null;
  if (!keys) throw unusable(`no keys at its \`jwks_uri\` (HTTP ${status})`);
  return keys;
}

/** Whoever wants to sign in meets it, and an API key goes on working. */
export function unreachable(reason: string): ServiceError {
  const advice = reason.includes("blocked_address")
    ? "If it is inside your own network, its host has to stand in EVERGRANT_ALLOWED_PRIVATE_HOSTS."
    : "Try again in a moment; API keys work meanwhile.";
  return new ServiceError(
    "provider_unavailable",
    `The server at which operators sign in cannot be reached (${reason}). ${advice}`,
    { reason, retryAfterMs: TRY_AGAIN },
  );
}

function unusable(what: string): ServiceError {
  return new ServiceError(
    "discovery_failed",
    `The server at which operators sign in does not describe itself as it should (${what}). Whoever runs this service has to look at EVERGRANT_OPERATOR_ISSUER.`,
    { reason: "discovery_failed" },
  );
}
