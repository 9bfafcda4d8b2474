/** Where a client publishes the keys that it signs with (RFC 7591 §2). */
export function jwksUri(publicUrl: string, clientId: string): string {
  return `${publicUrl}/oauth/jwks/${clientId}`;
}
