import { expect } from "vitest";
import { secretAddress } from "../../src/client/authentication.ts";
import type { TransportResult } from "../../src/oauth/http.ts";
import { createId } from "../../src/runtime/id.ts";
import { secret } from "../../src/runtime/secret.ts";
import type { EngineStage } from "../stage/engine-stage.ts";
import type { SimulatedAuthorizationServer } from "../stage/simulated-authorization-server.ts";
import { TENANT, type World } from "../stage/world.ts";

/** So many users of one client. */
export function connectMany(stage: Pick<World, "connect">, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => stage.connect()));
}

/** From now on the server knows the client by this secret only. */
export function takesOnly(server: SimulatedAuthorizationServer, text: string, refusal: TransportResult): void {
  server.always((act) => (server.requests.at(-1)?.form.get("client_secret") === text ? act() : refusal));
}

/** An operator gives the client another secret, through whichever instance. */
export async function replaceSecret(
  world: World,
  text: string,
  options?: { keepMs: number; makesRoom: boolean },
): Promise<string> {
  const sealed = await sealSecret(world, text);
  await world.clients.replaceSecret(world.clientId, sealed, options);
  return sealed.id;
}

/** An operator adds a secret that is to be tried first. */
export async function stageSecret(world: World, text: string, options = {}): Promise<string> {
  const sealed = await sealSecret(world, text);
  await world.clients.stageSecret(world.clientId, sealed, options);
  return sealed.id;
}

async function sealSecret({ clock, random, keyring }: World, text: string) {
  const id = createId("sec", clock, random);
  return { id, sealed: await keyring.seal(secretAddress(TENANT, id), secret(text)) };
}

/** It was said once that the client is refused, and none of its connections has come to harm by it. */
export async function expectUntouched(stage: EngineStage, ids: readonly string[], cause: string): Promise<void> {
  expect(stage.observer.of("client.suspended")).toEqual([expect.objectContaining({ clientId: stage.clientId, cause })]);
  expect(stage.observer.of("connection.reauthorization_required")).toEqual([]);
  expect(stage.observer.of("connection.degraded")).toEqual([]);
  for (const id of ids) {
    const { connection, tokens } = await stage.held(id);
    // Shown while the client is refused, and stored nowhere.
    expect(connection).toMatchObject({ status: "suspended", diagnosis: { cause } });
    expect(await stage.historyOf(id)).toEqual(["connected"]);
    expect(tokens.generation).toBe(1);
  }
}
