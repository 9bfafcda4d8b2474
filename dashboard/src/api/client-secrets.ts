import { queryOptions } from "@tanstack/react-query";
import { ask } from "./ask.ts";
import type { ClientSecret, NewSecret } from "./client-shapes.ts";
import { clientPath, clientsChanged } from "./clients.ts";

/** While a new one is on trial, each refresh may say more. */
const ON_TRIAL = 3000;

/** What became of each secret that the client ever had, newest first; never what one says. */
export function secretsQuery(clientId: string) {
  return queryOptions({
    queryKey: ["client", clientId, "secrets"],
    queryFn: async ({ signal }) => {
      const path = `${clientPath(clientId)}/secrets`;
      return (await ask<{ secrets: ClientSecret[] }>(path, { signal })).secrets;
    },
    refetchInterval: ({ state }) => (state.data?.some((secret) => secret.state === "staged") ? ON_TRIAL : false),
  });
}

export async function addSecret(clientId: string, body: NewSecret): Promise<void> {
  await ask(`${clientPath(clientId)}/secrets`, { method: "POST", body });
  await clientsChanged();
}

/** @param force also where it is not proven, or was refused. */
export async function promoteSecret(clientId: string, id: string, force: boolean): Promise<void> {
  await ask(`${secretPath(clientId, id)}/promote`, { method: "POST", body: { force } });
  await clientsChanged();
}

export async function eraseSecret(clientId: string, id: string): Promise<void> {
  await ask(secretPath(clientId, id), { method: "DELETE" });
  await clientsChanged();
}

function secretPath(clientId: string, id: string): string {
  return `${clientPath(clientId)}/secrets/${encodeURIComponent(id)}`;
}
