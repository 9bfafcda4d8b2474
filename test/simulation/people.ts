import { sealTokenSet } from "../../src/connection/token-record.ts";
import type { Snapshot } from "../../src/connection/store.ts";
import { dueAt } from "../../src/refresh/due.ts";
import { secret } from "../../src/runtime/secret.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";
import type { Instance } from "./instance.ts";
import { judgeHandedOut } from "./witness/handed-out.ts";
import { livingInstances, siteOf, TENANT, type World } from "./world.ts";

/** An instance that takes requests, if there is one. */
function reachable(world: World): Instance | null {
  const ready = livingInstances(world).filter(({ isReady, isStopping }) => isReady && !isStopping);
  return ready.length > 0 ? world.dice.pick(ready) : null;
}

/** Somebody reads an access token, and sometimes complains of it. */
export function read(world: World, connectionId: string): boolean {
  const by = reachable(world);
  const subject = world.witness.subjects.get(connectionId);
  if (!by || !subject) return false;
  const minTtlMs = world.dice.pick([0, 10_000, 60_000]);
  const request = { tenantId: TENANT, connectionId, minTtlMs };
  const work = async (): Promise<void> => {
    const askedAt = world.scheduler.now();
    const token = by.accessTokens.recall(request) ?? (await by.accessTokens.read(request));
    judgeHandedOut(world, subject, { by, askedAt, token });
    if (!world.state.isStormy || !world.dice.chance(0.05)) return;
    const again = { ...request, generation: token.generation, status: 401, challenge: null };
    judgeHandedOut(world, subject, { by, askedAt, token: await by.accessTokens.rejected(again) });
  };
  run(world, by, connectionId, work);
  return true;
}

/** A user consents anew. */
export function reauthorize(world: World, connectionId: string): boolean {
  const by = reachable(world);
  if (!by) return false;
  run(world, by, connectionId, () => consent(world, by, connectionId));
  return true;
}

async function consent(world: World, by: Instance, connectionId: string): Promise<void> {
  const { connections, sealer, clock } = by.ports;
  const { server } = siteOf(world, connectionId);
  const issued = server.authorize(connectionId);
  world.witness.consented(connectionId, issued);
  const obtainedAt = clock.now();
  for (;;) {
    const held = await connections.snapshot(connectionId);
    if (!held) return;
    const tokens = {
      accessToken: secret(issued.accessToken),
      refreshToken: secret(issued.refreshToken.name),
      tokenType: "Bearer",
      obtainedAt,
      expiresAt: obtainedAt + server.habits.lifetimeSeconds * 1000,
      refreshExpiresAt: null,
      scope: ["files"],
      answerFields: {},
      dpopKey: null,
    };
    const generation = held.tokens.generation + 1;
    const record = await sealTokenSet(sealer, { tenantId: TENANT, connectionId }, tokens, {
      generation,
      origin: "connect",
    });
    const history = [{ kind: "reauthorized", generation, detail: {} }] as const;
    const commit = { connectionId, tokens: record, dueAt: dueAt(tokens, by.ports.random), history };
    const result = await connections.reauthorize(commit, consented(held, clock.now()));
    if (result.kind === "committed") return;
  }
}

function consented({ connection }: Snapshot, now: number) {
  const { clientId, account, requestedScopes, grantedScopes } = connection;
  const status = "active" as const;
  return {
    clientId,
    account,
    requestedScopes,
    grantedScopes,
    status,
    diagnosis: null,
    consentedAt: now,
    lastProvenAt: now,
  };
}

export function disconnect(world: World, connectionId: string): boolean {
  const by = reachable(world);
  if (!by) return false;
  run(world, by, connectionId, async () => {
    const held = await by.ports.connections.snapshot(connectionId);
    if (!held) return;
    const { generation } = held.tokens;
    await by.ports.connections.disconnect(connectionId, { kind: "disconnected", generation, detail: {} });
  });
  return true;
}

/** A caller goes away with whatever error it is told; only one that nobody foresaw is a breach. */
function run(world: World, by: Instance, connectionId: string, work: () => Promise<void>): void {
  world.scheduler.push({
    on: by,
    run: () => {
      work().catch((error: unknown) => {
        world.trace.note(connectionId, () => `${by.name} tells a caller: ${String(error)}`);
        if (!(error instanceof ServiceError) || error.code === "internal") {
          world.verdict.report("internal", connectionId, String(error instanceof Error ? error.stack : error));
        }
      });
    },
  });
}
