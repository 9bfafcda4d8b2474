import { z } from "zod";
import { plaintextOf } from "./transparent-sealer.ts";

const record = z.object({ generation: z.number(), sealedRefreshToken: z.instanceof(Uint8Array).nullable() });
const claim = z.object({
  connectionId: z.string(),
  generation: z.number(),
  epoch: z.number(),
  earlier: z.object({ count: z.number() }).nullable(),
});
const lease = z.object({ owner: z.string().nullable(), failures: z.number(), unanswered: z.number() });
const snapshot = z.object({ connection: z.object({ status: z.string() }), tokens: record, lease });
const SHAPES = [
  z.object({ claim }).transform((it) => tellClaim(it.claim)),
  z
    .object({ connectionId: z.string(), tokens: record })
    .transform((it) => `${it.connectionId} ${tellRecord(it.tokens)}`),
  snapshot.transform((it) => `${tellRecord(it.tokens)} ${it.connection.status}${tellLease(it.lease)}`),
  z.object({ tokens: record }).transform((it) => tellRecord(it.tokens)),
  z.object({ kind: z.literal("claimed"), claim }).transform((it) => `claimed ${tellClaim(it.claim)}`),
  z.object({ kind: z.string(), owner: z.string().optional() }).transform((it) => `${it.kind} ${it.owner ?? ""}`),
  z.object({ owner: z.string(), entries: z.array(z.unknown()) }).transform((it) => `${it.owner} ${tell(it.entries)}`),
  z
    .object({ now: z.number(), incarnation: z.number(), living: z.number() })
    .transform((it) => `${it.living} live, incarnation ${it.incarnation}`),
  z.object({ providerId: z.string() }).transform((it) => it.providerId),
];

/** What a call came to, in a few words. */
export function tell(result: unknown): string {
  if (Array.isArray(result)) return `[${result.map(tell).join(", ")}]`;
  if (typeof result !== "object" || result === null) return String(result);
  for (const shape of SHAPES) {
    const read = shape.safeParse(result);
    if (read.success) return read.data;
  }
  return "something";
}

function tellRecord({ generation, sealedRefreshToken }: z.infer<typeof record>): string {
  return `g${generation} ${sealedRefreshToken ? plaintextOf(sealedRefreshToken) : "without refresh token"}`;
}

function tellClaim({ connectionId, generation, epoch, earlier }: z.infer<typeof claim>): string {
  return `${connectionId} g${generation} e${epoch}${earlier ? `, ${earlier.count} unanswered before` : ""}`;
}

function tellLease({ owner, failures, unanswered }: z.infer<typeof lease>): string {
  return `${owner ? `, ${owner} has it` : ""}${failures ? `, ${failures} failures` : ""}${unanswered ? `, ${unanswered} unanswered` : ""}`;
}
