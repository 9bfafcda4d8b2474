import type { Client } from "./client.ts";
import { addressOf } from "./redirect-uri.ts";

/** Where a client publishes the keys that it signs with (RFC 7591 §2); `publicUrl` is where the installation is reached. */
export function jwksUri(publicUrl: string, client: Pick<Client, "id" | "publicUrl">): string {
  return `${addressOf(publicUrl, client)}/oauth/jwks/${client.id}`;
}
