/** One redirect URI per client, so that an answer meant for another client is refused by its path (BCP 240 §4.4). */
export function redirectUri(publicUrl: string, clientId: string): string {
  return `${publicUrl}/oauth/callback/${clientId}`;
}
