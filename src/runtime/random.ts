/** Unpredictable bytes and numbers. Ranks 0 and 1 get chance only through this interface. */
export interface Random {
  /** Cryptographically strong bytes. */
  bytes(length: number): Uint8Array;
  /** A number in [0, 1), for jitter. */
  fraction(): number;
}

/** A URL-safe token of `length` random bytes, base64url without padding (RFC 4648 §5). */
export function randomToken(random: Random, length = 32): string {
  return Buffer.from(random.bytes(length)).toString("base64url");
}
