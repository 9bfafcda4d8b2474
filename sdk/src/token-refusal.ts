/** What an API answered to a token. */
export interface TokenRefusal {
  /** The generation of the refused token. */
  readonly generation: number;
  /** The HTTP status of the answer, usually 401. */
  readonly status: number;
  /** The `WWW-Authenticate` field of the answer (RFC 9110, section 11.6.1): it tells why. */
  readonly wwwAuthenticate?: string | undefined;
}
