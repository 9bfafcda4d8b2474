import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from "jose";
import type { BehaviourSwitches } from "./behaviour.ts";
import type { ClientTable } from "./client-table.ts";

/** An access token that is bound to a key. */
export interface BoundToken {
  text: string;
  clientId: string;
  /** Thumbprint of the key (RFC 7638). */
  jkt: string;
}

/** What is wrong with the proof of a request (RFC 9449 §7.1, §9). */
export interface ProofProblem {
  error: "invalid_dpop_proof" | "use_dpop_nonce";
  description: string;
  /** The one to repeat. */
  nonce: string | null;
}

export type CheckProof = (req: IncomingMessage, token: BoundToken) => Promise<ProofProblem | null>;

interface Deps {
  /** Of the API, as its callers see it. */
  origin: string;
  clients: Pick<ClientTable, "find">;
  behaviour: Pick<BehaviourSwitches, "current">;
}

const fiveMinutes = 300;
const seenLimit = 100_000;

/** Checks proofs as a resource server has to (RFC 9449 §4.3), each of them once. */
export function createProofCheck({ origin, clients, behaviour }: Deps): CheckProof {
  const seen = new Set<unknown>();
  return async (req, token) => {
    const nonce = clients.find(token.clientId)?.dpop === "nonce" ? behaviour.current().apiNonce : null;
    const claims = await claimsOf(req.headers.dpop, token.jkt);
    if (claims === null) return invalid("there is no proof, or not one of the key that the token is bound to");
    if (nonce !== null && claims.nonce !== nonce) {
      return { error: "use_dpop_nonce", description: "the proof needs another nonce", nonce };
    }
    const { pathname } = new URL(req.url ?? "", origin);
    if (claims.htm !== req.method || claims.htu !== origin + pathname) return invalid("it is of another request");
    if (claims.ath !== createHash("sha256").update(token.text).digest("base64url"))
      return invalid("it is for another token");
    // A nonce of ours says when it was made better than a foreign clock (RFC 9449 §11.1).
    if (nonce === null && Math.abs(Date.now() / 1000 - (claims.iat ?? 0)) > fiveMinutes)
      return invalid("it is not of now");
    if (claims.jti === undefined || seen.has(claims.jti)) return invalid("it was used before");
    if (seen.size >= seenLimit) seen.clear();
    seen.add(claims.jti);
    return null;
  };
}

function invalid(description: string): ProofProblem {
  return { error: "invalid_dpop_proof", description, nonce: null };
}

/** Null when the proof is not signed with the key of that thumbprint. */
async function claimsOf(proof: string | string[] | undefined, jkt: string) {
  if (typeof proof !== "string") return null;
  try {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, { typ: "dpop+jwt" });
    const { jwk } = protectedHeader;
    return jwk && (await calculateJwkThumbprint(jwk)) === jkt ? payload : null;
  } catch {
    return null;
  }
}
