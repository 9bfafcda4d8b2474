import { expect } from "vitest";
import type { ClientSecret } from "../../src/client/client-secret.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { answer } from "../stage/plays.ts";
import type { SimulatedAuthorizationServer } from "../stage/simulated-authorization-server.ts";

export const NEXT = "the-next-secret";
export const REFUSAL = answer(401, { error: "invalid_client" });
export const EMERGENCY = { keepMs: 0, makesRoom: true };

/** From now on the server knows the client by these secrets. */
export function knows(server: SimulatedAuthorizationServer, ...secrets: string[]): void {
  server.always((act) => (secrets.includes(secretOf(server.requests.at(-1))) ? act() : REFUSAL));
}

export function secretOf(request: { form: URLSearchParams } | undefined): string {
  return request?.form.get("client_secret") ?? "";
}

export function sent({ server }: Pick<EngineStage, "server">): string[] {
  return server.requests.map(secretOf);
}

/** A server that ends the whole family of a refresh token that comes twice. */
export async function open(connections = 1): Promise<{ stage: EngineStage; ids: string[]; id: string }> {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const ids: string[] = [];
  for (let count = 0; count < connections; count++) ids.push(await stage.connect());
  return { stage, ids, id: ids[0] ?? "" };
}

export async function secretsOf({ clients, clientId }: EngineStage): Promise<ClientSecret[]> {
  return clients.listSecrets([clientId]);
}

export async function find(stage: EngineStage, id: string): Promise<ClientSecret> {
  const found = (await secretsOf(stage)).find((secret) => secret.id === id);
  if (!found) throw new Error(`There is no ${id}.`);
  return found;
}

export async function activeOf({ clients, clientId }: EngineStage): Promise<string | undefined> {
  return (await clients.activeSecret(clientId))?.id;
}

/** Nobody is told, and nothing is left of it. */
export async function expectUnnoticed(stage: EngineStage, id: string, generation: number): Promise<void> {
  const { connection, tokens, lease } = await stage.held(id);
  expect(connection).toMatchObject({ status: "active", diagnosis: null });
  expect(tokens.generation).toBe(generation);
  expect(lease).toMatchObject({ owner: null, failures: 0, attemptGeneration: null, unanswered: 0 });
  expect(stage.observer.of("client.suspended")).toEqual([]);
  expect(stage.observer.of("refresh.failed")).toEqual([]);
  expect(stage.server.reuses()).toBe(0);
}
