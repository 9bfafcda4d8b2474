import { createHash } from "node:crypto";
import { openStage, type Stage, type StageOptions } from "../stage/stage.ts";
import { startTransmitter, type Claims, type Transmitter } from "../stage/transmitter.ts";

/** A service whose sandbox has a transmitter of security events beside it, and what is sent to it. */
export interface EventStage extends Stage {
  transmitter: Transmitter;
  /** Claims that are right, with these over them; what is undefined is left out. */
  claims(events: Claims, over?: Claims): Claims;
  /** Pushes a token, as the header says or as it should be. */
  push(token: string, contentType?: string): Promise<Pushed>;
  /** Signs and pushes the events. */
  send(events: Claims, over?: Claims): Promise<Pushed>;
  /** The subject of an account. */
  account(connectionId: string): Promise<Claims>;
  /** What the inbox says of the last event. */
  last(): Promise<unknown>;
}

export interface Pushed {
  status: number;
  body: unknown;
  text: string;
}

export const RISC = "https://schemas.openid.net/secevent/risc/event-type";
export const OAUTH = "https://schemas.openid.net/secevent/oauth/event-type";

export async function openEventStage(options: StageOptions = {}, entry: Claims = {}): Promise<EventStage> {
  const transmitter = await startTransmitter();
  const provider = (origin: string) => ({
    name: "Sandbox",
    issuer: origin,
    authorization_url: `${origin}/authorize`,
    token_url: `${origin}/token`,
    identity_scopes: ["openid", "email"],
    offline_access: { scopes: ["offline_access"], parameters: { prompt: "consent" } },
    identity: { from: "id_token" },
    security_events: { issuer: transmitter.origin, marks_tokens: true, ...entry },
  });
  const stage = await openStage({ provider, ...options });
  let count = 0;

  async function push(token: string, contentType = "application/secevent+jwt"): Promise<Pushed> {
    // So that ids say which came last.
    await stage.clock.advance(1);
    const response = await fetch(`${stage.service.url}/security-events/${stage.clientId}`, {
      method: "POST",
      headers: { "content-type": contentType, accept: "application/json", connection: "close" },
      body: token,
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    return { status: response.status, text, body: isJson ? JSON.parse(text) : null };
  }

  function claims(events: Claims, over: Claims = {}): Claims {
    const iat = Math.floor(stage.clock.now() / 1000);
    const all = { iss: transmitter.origin, aud: "evergrant", iat, jti: `jti-${++count}`, events, ...over };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  }

  return {
    ...stage,
    transmitter,
    claims,
    push,
    send: async (events, over) => push(await transmitter.sign(claims(events, over))),
    account: async (connectionId) => {
      const found = await stage.api("GET", `/v1/connections/${connectionId}`);
      return { subject_type: "iss-sub", iss: `${transmitter.origin}/`, sub: found.at("account", "id") };
    },
    last: async () => {
      const { body } = await stage.api("GET", "/v1/security-events?limit=1");
      const list: unknown = Reflect.get(body ?? {}, "security_events");
      return Array.isArray(list) ? list[0] : undefined;
    },
  };
}

/** The refresh token that the sandbox issued last to a user. */
export function refreshTokenOf({ sandbox }: Stage, user: string): string {
  const token = sandbox.control.refreshTokens().findLast((record) => record.user === user)?.token;
  if (token === undefined) throw new Error(`${user} has no refresh token.`);
  return token;
}

/** `hash_base64_sha512_sha512`, made here from its description. */
export function digestOf(token: string): string {
  const once = createHash("sha512").update(token, "utf8").digest();
  return createHash("sha512").update(once).digest("base64");
}

/** The kinds in a connection's history, and of what event each is, newest first. */
export async function historyOf({ api }: Stage, connectionId: string): Promise<unknown[]> {
  const { body } = await api("GET", `/v1/connections/${connectionId}/history`);
  const entries: unknown = Reflect.get(body ?? {}, "entries") ?? Reflect.get(body ?? {}, "history");
  return Array.isArray(entries) ? entries : [];
}
