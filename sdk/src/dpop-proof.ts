import { isJsonObject } from "./json-object.ts";

/** A request that is about to be sent to an API. */
export interface RequestToProve {
  /** In capitals, as it is sent. */
  readonly method: string;
  /** Absolute, and https unless it is on this machine. */
  readonly url: string;
  /** The last `DPoP-Nonce` of the API, if it sent one (RFC 9449, section 9). */
  readonly nonce?: string | undefined;
}

/** What an API takes a token of the type "DPoP" with (RFC 9449, section 7), once. */
export interface DpopProof {
  /** The value of the header `DPoP`. */
  readonly proof: string;
  /** It is good with the token of this generation only. */
  readonly generation: number;
}

/** The proof in an answer of the service, or undefined when the answer is not one for this connection. */
export function readDpopProofAnswer(answer: unknown, connectionId: string): DpopProof | undefined {
  if (!isJsonObject(answer) || answer.connection_id !== connectionId) return undefined;
  const { proof, generation } = answer;
  if (typeof proof !== "string" || !/^[\w.-]+$/.test(proof)) return undefined;
  return typeof generation === "number" && Number.isSafeInteger(generation) ? { proof, generation } : undefined;
}

/** Has an API refused the proof, and not looked at the token (RFC 9449, sections 7.1 and 9)? */
export function refusesProof({ status, headers }: Response): boolean {
  const challenge = headers.get("www-authenticate") ?? "";
  return status === 401 && /\berror="?(use_dpop_nonce|invalid_dpop_proof)\b/.test(challenge);
}

/** Is a token of this type taken only with a proof? */
export function needsProof(tokenType: string): boolean {
  return tokenType.toLowerCase() === "dpop";
}
