import type { Claim } from "../connection/claim.ts";
import type { Spare } from "../connection/store.ts";
import { openAccessToken, openRefreshToken, sealTokenSet, type TokenRecord } from "../connection/token-record.ts";
import { marksTokens } from "../provider/provider.ts";
import type { Ready } from "./attempt.ts";
import { entry } from "./history-entry.ts";
import { untilStored } from "./until-stored.ts";

/**
 * A token that came too late to be the newest may be the one that lives: it becomes the newest, under its own generation. False
 * when there is none to try; else the claim is over, and the attempt begins anew.
 */
export async function promoteSpare({ flight, held, provider }: Ready, claim: Claim): Promise<boolean> {
  const { ports } = flight;
  const { connectionId } = claim;
  const [spare] = await untilStored(ports, connectionId, () => ports.connections.spares(connectionId));
  if (!spare) return false;
  const generation = claim.generation + 1;
  const tokens = await untilStored(ports, connectionId, () =>
    successorFrom({ flight, held, provider }, spare, generation),
  );
  const history = [entry("spare_promoted", generation, { spare_of_generation: spare.tokens.generation })];
  const commit = { connectionId, tokens, dueAt: ports.clock.now(), history };
  const result = await untilStored(ports, connectionId, () => ports.connections.promote(spare, commit));
  if (result.kind === "superseded") {
    await untilStored(ports, connectionId, () => ports.connections.release({ claim, answered: true }));
    return true;
  }
  ports.observer.event("refresh.spare_promoted", { connectionId, generation });
  flight.wanting = generation;
  return true;
}

/** The refresh token of the spare, beside the access token that is in use. */
async function successorFrom(
  { flight: { ports }, held, provider }: Pick<Ready, "flight" | "held" | "provider">,
  spare: Spare,
  generation: number,
): Promise<TokenRecord> {
  const { connection, tokens: before } = held;
  const owner = { tenantId: connection.tenantId, connectionId: connection.id };
  const tokens = {
    ...before,
    refreshExpiresAt: spare.tokens.refreshExpiresAt,
    dpopKey: spare.tokens.dpopKey,
    refreshToken: await openRefreshToken(ports.sealer, owner, spare.tokens),
    accessToken: await openAccessToken(ports.sealer, owner, before),
  };
  return sealTokenSet(ports.sealer, owner, tokens, {
    generation,
    origin: before.origin,
    rotatedAt: spare.tokens.obtainedAt,
    marked: marksTokens(provider),
  });
}
