import { createHmac } from "node:crypto";
import { SECOND } from "../runtime/clock.ts";
import { sameSecret } from "../runtime/same-secret.ts";
import { secret, type Secret } from "../runtime/secret.ts";
import { isWhole, withChecksum } from "./checksum.ts";

/**
 * What a short-lived token says, for one job or one agent: it reads access tokens of these connections, as long as the API key
 * does that it was made with. Nothing of it is stored.
 */
export interface AgentToken {
  keyId: string;
  connections: readonly string[];
  /** Epoch milliseconds, in whole seconds. */
  expiresAt: number;
}

export const MOST_CONNECTIONS = 50;

/** `eg_agent_<key>_<expiry>_<connections>_<signature><crc32>`, the ids without what they begin with, the expiry in base 36. */
const SHAPE = new RegExp(
  `^(eg_agent_([0-9a-z]{26})_([0-9a-z]{1,8})_((?:[0-9a-z]{26}){1,${MOST_CONNECTIONS}}))_([\\w-]{43})[0-9a-f]{8}$`,
);

export function writeAgentToken(
  signingKey: Secret<Uint8Array>,
  { keyId, connections, expiresAt }: AgentToken,
): Secret<string> {
  const seconds = Math.floor(expiresAt / SECOND).toString(36);
  const claims = `eg_agent_${bare(keyId)}_${seconds}_${connections.map(bare).join("")}`;
  return secret(withChecksum(`${claims}_${sign(signingKey, claims)}`));
}

/** Null for what is no token that this key has signed. Whether it is over, and so whether its API key is, is not looked at. */
export function readAgentToken(signingKey: Secret<Uint8Array>, text: string): AgentToken | null {
  const [, claims = "", key = "", seconds = "", ids = "", signature = ""] = SHAPE.exec(text) ?? [];
  if (claims === "" || !isWhole(text) || !sameSecret(signature, sign(signingKey, claims))) return null;
  const connections = (ids.match(/.{26}/g) ?? []).map((id) => `con_${id}`);
  return { keyId: `key_${key}`, connections, expiresAt: Number.parseInt(seconds, 36) * SECOND };
}

/** Whether a text could be one: spares whoever copied it badly a question to the service. */
export function looksLikeAgentToken(text: string): boolean {
  return SHAPE.test(text) && isWhole(text);
}

function sign(key: Secret<Uint8Array>, claims: string): string {
  return createHmac("sha256", key.reveal()).update(claims).digest("base64url");
}

/** An id of ours without its prefix. */
function bare(id: string): string {
  return id.slice(id.indexOf("_") + 1);
}
