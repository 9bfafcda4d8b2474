import type { KeyFailure, KeyHints } from "./key-failure.ts";

/**
 * One key at one service, as an adapter of its package offers it: each call asks once, keeps nothing open afterwards, and
 * may throw whatever the package throws.
 */
export interface KeyClient {
  readonly name: string;
  readonly hints: KeyHints;
  encrypt(plaintext: Uint8Array, context: string, signal: AbortSignal): Promise<Uint8Array>;
  decrypt(ciphertext: Uint8Array, context: string, signal: AbortSignal): Promise<Uint8Array>;
  /** What something that these two threw means. */
  failureOf(error: unknown): KeyFailure;
}
