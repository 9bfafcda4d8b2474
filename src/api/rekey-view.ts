import { z } from "zod";
import type { Rekey } from "../access/rekey-store.ts";
import { SECOND } from "../runtime/clock.ts";
import { time, toTime, toTimeOrNull } from "./wire.ts";

export const rekeySchema = z
  .object({
    version: z.int(),
    values_done: z.int(),
    values_total: z.int(),
    started_at: time,
    finished_at: time.nullable(),
    values_per_second: z.int().nullable().describe("By the instance that is at work; null while none is"),
    seconds_left: z.int().nullable().describe("At that speed"),
  })
  .meta({ id: "Rekey" });

export function rekeyView(rekey: Rekey): z.infer<typeof rekeySchema> {
  const { version, done, total, startedAt, finishedAt } = rekey;
  const perSecond = speedOf(rekey);
  return {
    version,
    values_done: done,
    values_total: total,
    started_at: toTime(startedAt),
    finished_at: toTimeOrNull(finishedAt),
    values_per_second: perSecond === null ? null : Math.round(perSecond),
    seconds_left: perSecond === null || perSecond === 0 ? null : Math.ceil(Math.max(0, total - done) / perSecond),
  };
}

/** A shorter time says more of how batches fall than of what is to come. */
const TELLING = 2 * SECOND;

/** Since the instance took it up: what the time without any, between two of them, was not used for does not count. */
function speedOf({ done, atWork }: Rekey): number | null {
  if (!atWork || atWork.forMs < TELLING) return null;
  return ((done - atWork.doneBefore) * SECOND) / atWork.forMs;
}
