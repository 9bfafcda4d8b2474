import { createHmac } from "node:crypto";
import { MINUTE, type Clock } from "../runtime/clock.ts";
import { randomToken, type Random } from "../runtime/random.ts";
import { secret, type Secret } from "../runtime/secret.ts";

/** One way to the issuer and back, in one browser. */
export interface SignInAttempt {
  /** For a cookie. Everything else follows from it and our key, so nothing is stored until the browser is back. */
  browserToken: string;
  expiresAt: number;
  /** By which it is known to have been used. */
  id: string;
  state: string;
  nonce: string;
  codeVerifier: Secret<string>;
}

const LIFE = 10 * MINUTE;

export function createAttempt(key: Secret<Uint8Array>, clock: Clock, random: Random): SignInAttempt {
  const expiresAt = clock.now() + LIFE;
  return attemptOf(key, `${expiresAt}.${randomToken(random)}`, expiresAt);
}

/**
 * The attempt that a cookie belongs to; null for what is none. Whether it is one of ours its `state` tells: nobody else can make
 * one that fits, and none fits once the time in the cookie was changed.
 */
export function readAttempt(key: Secret<Uint8Array>, browserToken: string): SignInAttempt | null {
  const [, time] = /^(\d{1,15})\.[\w-]{43}$/.exec(browserToken) ?? [];
  return time === undefined ? null : attemptOf(key, browserToken, Number(time));
}

function attemptOf(key: Secret<Uint8Array>, browserToken: string, expiresAt: number): SignInAttempt {
  const derive = (use: string): string =>
    createHmac("sha256", key.reveal()).update(`sign-in.${use}.${browserToken}`).digest("base64url");
  return {
    browserToken,
    expiresAt,
    id: derive("id"),
    state: derive("state"),
    nonce: derive("nonce"),
    codeVerifier: secret(derive("verifier")),
  };
}
