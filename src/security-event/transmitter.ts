import type { JSONWebKeySet } from "jose";
import { z } from "zod";
import type { Transport } from "../oauth/http.ts";
import { parseJsonObject } from "../oauth/json-object.ts";
import { readKeySet } from "../oauth/key-set.ts";
import { metadataUrls, sameIssuer } from "../oauth/metadata.ts";
import { HOUR, MINUTE, SECOND, type Clock } from "../runtime/clock.ts";
import { createKept } from "../runtime/kept.ts";
import { ServiceError } from "../runtime/service-error.ts";

/** Who signs security event tokens, and where it says what with. */
export interface Transmitter {
  issuer: string;
  /** Null: where its issuer publishes such things. */
  configurationUrl: string | null;
  jwksUrl: string | null;
}

/** The public keys of transmitters, as they publish them. */
export interface TransmitterKeys {
  /** Throws `provider_unavailable` when they cannot be had now. */
  of(transmitter: Transmitter): Promise<JSONWebKeySet>;
  /** The same, not older than a minute: for a signature by a key that was not among them. */
  newest(transmitter: Transmitter): Promise<JSONWebKeySet>;
}

const KEPT = HOUR;
const KEYS_AGAIN = MINUTE;
const FAILURE_KEPT = 10 * SECOND;
const DEADLINE = 10 * SECOND;
const MOST_TRANSMITTERS = 1000;

type Read = (olderThanMs: number) => Promise<JSONWebKeySet>;

export function createTransmitterKeys(transport: Transport, clock: Clock): TransmitterKeys {
  const known = new Map<string, Read>();

  function readerOf(transmitter: Transmitter): Read {
    const { issuer, configurationUrl, jwksUrl } = transmitter;
    const name = JSON.stringify([issuer, configurationUrl, jwksUrl]);
    const reader = known.get(name);
    if (reader) return reader;
    const oldest = known.size < MOST_TRANSMITTERS ? undefined : known.keys().next().value;
    if (oldest !== undefined) known.delete(oldest);
    const address = createKept(clock, () => jwksUriOf(transport, transmitter), FAILURE_KEPT);
    const read = createKept(clock, async () => readKeys(transport, await address(KEPT)), FAILURE_KEPT);
    known.set(name, read);
    return read;
  }

  return {
    of: (transmitter) => readerOf(transmitter)(KEPT),
    newest: (transmitter) => readerOf(transmitter)(KEYS_AGAIN),
  };
}

const configuration = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }).max(2000) });

async function jwksUriOf(transport: Transport, transmitter: Transmitter): Promise<string> {
  const { issuer, configurationUrl, jwksUrl } = transmitter;
  if (jwksUrl !== null) return jwksUrl;
  for (const url of configurationUrl === null ? configurationUrls(issuer) : [configurationUrl]) {
    const body = await get(transport, url);
    const found = body && configuration.safeParse(parseJsonObject(new TextDecoder().decode(body))).data;
    // A document that speaks for another issuer says nothing of this one's keys (RFC 8414 §3.3).
    if (found && sameIssuer(found.issuer, issuer)) return found.jwks_uri;
  }
  throw unavailable();
}

/** OpenID SSF 1.0 §7.2, RISC before it, and what an OpenID provider says of itself. */
function configurationUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  const names = ["ssf-configuration", "risc-configuration"];
  return [...names.map((name) => `${origin}/.well-known/${name}${path}`), ...metadataUrls(issuer)];
}

async function readKeys(transport: Transport, url: string): Promise<JSONWebKeySet> {
  const body = await get(transport, url);
  const keys = body && readKeySet(body);
  if (!keys) throw unavailable();
  return keys;
}

async function get(transport: Transport, url: string): Promise<Uint8Array | null> {
  const result = await transport.send(
    { method: "GET", url, headers: { accept: "application/json" } },
    { deadlineMs: DEADLINE },
  );
  return result.kind === "response" && result.response.status === 200 ? result.response.body : null;
}

/** It is said to whoever sends the event, who sends it again. */
function unavailable(): ServiceError {
  return new ServiceError(
    "provider_unavailable",
    "The keys of the issuer cannot be read now, so the event cannot be verified. Send it again later.",
    { reason: "keys_unavailable", retryAfterMs: FAILURE_KEPT },
  );
}
