import type { HttpResponse } from "./http.ts";
import { parseJsonObject } from "./json-object.ts";

/** `nonce` (RFC 9449 §8.1): NQCHAR, and no longer than a header may well be. */
export const DPOP_NONCE = /^[\x21\x23-\x5b\x5d-\x7e]{1,1000}$/;

/** The nonces that servers sent last, in memory: one that is forgotten costs one more request. */
export interface DpopNonces {
  /** For a request to `url` with the key of that thumbprint; null when its server has sent none. */
  newest(url: string, thumbprint: string): string | null;
  /** Keeps what an answer from `url` brings, whatever its status (RFC 9449 §8.2). */
  note(url: string, thumbprint: string, response: Pick<HttpResponse, "headers">): void;
}

/** Servers and keys kept at a time. */
const MOST = 10_000;

export function createDpopNonces(): DpopNonces {
  const nonces = new Map<string, string>();
  return {
    newest: (url, thumbprint) => nonces.get(nameOf(url, thumbprint)) ?? null,
    note: (url, thumbprint, response) => {
      const nonce = nonceIn(response);
      if (nonce === null) return;
      if (nonces.size >= MOST) nonces.clear();
      nonces.set(nameOf(url, thumbprint), nonce);
    },
  };
}

function nameOf(url: string, thumbprint: string): string {
  return `${new URL(url).origin} ${thumbprint}`;
}

/**
 * True when a server refuses a request only because it wants the nonce that it sends along: it has not looked at anything else
 * (RFC 9449 §8 for token endpoints, §9 for APIs).
 */
export function isNonceWanted(response: HttpResponse): boolean {
  const { status, headers, body } = response;
  if ((status !== 400 && status !== 401) || nonceIn(response) === null) return false;
  if (/\berror="?use_dpop_nonce\b/.test(headers["www-authenticate"] ?? "")) return true;
  return parseJsonObject(new TextDecoder().decode(body))?.["error"] === "use_dpop_nonce";
}

/** Null also for a header that was sent twice: nobody could tell which one counts. */
function nonceIn({ headers }: Pick<HttpResponse, "headers">): string | null {
  const nonce = headers["dpop-nonce"] ?? "";
  return DPOP_NONCE.test(nonce) ? nonce : null;
}
