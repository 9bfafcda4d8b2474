import { ServiceError } from "../runtime/service-error.ts";
import type { EventFacts } from "./effect.ts";
import { typeOfIdentifier } from "./event-type.ts";
import { addresseeOf, noReceiver, type Addressee, type SecurityEventPorts } from "./ports.ts";
import type { ReceiverSettings } from "./receiver.ts";
import { readSubject } from "./subject.ts";
import { takeEvent } from "./take.ts";
import type { Transmitter } from "./transmitter.ts";
import {
  problemBeforeKeys,
  verifyToken,
  type ExpectedToken,
  type Refused,
  type SecurityEventToken,
} from "./verify-token.ts";

/**
 * Takes a security event token that was pushed to a client's address (RFC 8935). What is accepted is stored with all that it does; a
 * token that comes again is accepted and does nothing. Throws what passes, so that it is sent again, and `not_found`.
 */
export async function receiveToken(
  ports: SecurityEventPorts,
  clientId: string,
  token: string,
): Promise<{ kind: "accepted" } | Refused> {
  const addressee = await addresseeOf(ports, clientId);
  const settings = await ports.receivers.settings(clientId);
  const transmitter = transmitterOf(addressee, settings);
  if (!transmitter) throw noReceiver();
  const result = await verified(ports, transmitter, token, expectedOf(addressee, settings, ports.clock.now()));
  if (result.kind === "refused") {
    ports.observer.event("security_event.refused", { clientId, code: result.err });
    return result;
  }
  await takeAll(ports, addressee, result.token);
  return { kind: "accepted" };
}

/** Null for a client whose provider tells of nothing in this way. */
function transmitterOf({ provider }: Addressee, settings: ReceiverSettings): Transmitter | null {
  const { security_events: entry } = provider;
  // What the entry says is about its own issuer alone.
  if (settings.issuer !== null) return { issuer: settings.issuer, configurationUrl: null, jwksUrl: null };
  if (entry?.issuer === undefined || entry.issuer === null) return null;
  return { issuer: entry.issuer, configurationUrl: entry.configuration_url, jwksUrl: entry.jwks_url };
}

function expectedOf({ client, provider }: Addressee, settings: ReceiverSettings, now: number): ExpectedToken {
  const { security_events: entry } = provider;
  const issuer = settings.issuer ?? entry?.issuer ?? "";
  const audience = settings.audience.length > 0 ? settings.audience : [client.clientId];
  return { issuer, audience, plainJwt: entry?.plain_jwt ?? false, now };
}

async function verified(
  ports: SecurityEventPorts,
  transmitter: Transmitter,
  token: string,
  expected: ExpectedToken,
): Promise<{ kind: "verified"; token: SecurityEventToken } | Refused> {
  const problem = problemBeforeKeys(token, expected);
  if (problem) return problem;
  const first = await verifyToken(token, await keysOf(ports, transmitter, "of"), expected);
  if (first.kind !== "unknown_key") return first;
  const again = await verifyToken(token, await keysOf(ports, transmitter, "newest"), expected);
  if (again.kind !== "unknown_key") return again;
  return {
    kind: "refused",
    err: "invalid_key",
    description: "The issuer publishes no key that the token is signed with.",
  };
}

async function keysOf(ports: SecurityEventPorts, transmitter: Transmitter, which: "of" | "newest") {
  try {
    return await ports.keys[which](transmitter);
  } catch (error) {
    if (error instanceof ServiceError) {
      ports.observer.event("security_event.refused", { code: error.facts.reason ?? error.code });
    }
    throw error;
  }
}

/** One after the other, each in a transaction of its own: what a lost one leaves undone is done when the token comes again. */
async function takeAll(ports: SecurityEventPorts, addressee: Addressee, token: SecurityEventToken): Promise<void> {
  const { issuer, jti, issuedAt } = token;
  const { provider } = addressee;
  const knowsBySub = provider.identity.account_field === "sub";
  const issuers = knowsBySub ? [issuer, ...(provider.issuer === null ? [] : [provider.issuer])] : [];
  for (const [identifier, event] of token.events) {
    await takeEvent(ports, addressee, {
      issuer,
      jti,
      issuedAt,
      type: typeOfIdentifier(identifier) ?? { unknown: identifier.slice(0, LONGEST_IDENTIFIER) },
      facts: factsOf(event),
      subject: subjectOf(event, token, issuers),
      isOfProvider: true,
    });
  }
}

const LONGEST_IDENTIFIER = 200;

/** In the event, as RISC has it, or of the whole token (RFC 9493 §4.1); the draft that Google sends has some fields in the event. */
function subjectOf(event: Readonly<Record<string, unknown>>, token: SecurityEventToken, issuers: readonly string[]) {
  const inEvent = event["subject"] ?? (event["subject_type"] === undefined ? undefined : event);
  return readSubject(inEvent ?? token.subject, issuers);
}

const FACTS = ["reason", "initiating_entity", "credential_type", "current_status"];

function factsOf(event: Readonly<Record<string, unknown>>): EventFacts {
  return Object.fromEntries(
    FACTS.flatMap((name) => (typeof event[name] === "string" ? [[name, event[name]] as const] : [])),
  );
}
