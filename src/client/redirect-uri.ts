import type { Client } from "./client.ts";

/** One redirect URI per client, so that an answer meant for another client is refused by its path (BCP 240 §4.4). */
export function redirectUri(publicUrl: string, client: Pick<Client, "id" | "publicUrl">): string {
  return `${addressOf(publicUrl, client)}/oauth/callback/${client.id}`;
}

/** Where browsers reach the service for a client; `publicUrl` is where they reach the installation. */
export function addressOf(publicUrl: string, client: Pick<Client, "publicUrl">): string {
  return client.publicUrl ?? publicUrl;
}
