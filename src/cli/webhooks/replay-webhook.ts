import { z } from "zod";
import { replayedSchema } from "../../api/webhook-view.ts";
import { CommandFailure } from "../command-failure.ts";
import { path, type ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";

export interface ReplayWish {
  since?: string;
  until?: string;
}

const oneSchema = z.object({ replayed: z.int() });

export async function replayWebhook(
  service: ServiceClient,
  output: Output,
  { id, delivery, since, until }: ReplayWish & { id: string; delivery: string | undefined },
): Promise<void> {
  if ((delivery === undefined) === (since === undefined)) {
    throw new CommandFailure({ exit: "usage", code: "usage", detail: "It takes one delivery, or --since and a time." });
  }
  const replayed =
    delivery === undefined
      ? await replayAll(service, id, { since: since ?? null, until: until ?? new Date().toISOString() })
      : await replayOne(service, id, delivery);
  output.result({ id, replayed }, () => `${replayed} ${replayed === 1 ? "event is" : "events are"} sent again.`);
}

async function replayOne(service: ServiceClient, id: string, delivery: string): Promise<number> {
  const where = path`/v1/webhook-endpoints/${id}/deliveries/${delivery}/replay`;
  return (await service.ask({ method: "POST", path: where }, oneSchema)).replayed;
}

/** Piece by piece, up to the moment at which it began: what comes later is sent anyway. */
async function replayAll(
  service: ServiceClient,
  id: string,
  { since, until }: { since: string | null; until: string },
): Promise<number> {
  let count = 0;
  for (let from = since; from !== null;) {
    const body = { since: from, until };
    const request = { method: "POST", path: path`/v1/webhook-endpoints/${id}/replay`, body } as const;
    const piece = await service.ask(request, replayedSchema);
    count += piece.replayed;
    from = piece.next_since;
  }
  return count;
}
