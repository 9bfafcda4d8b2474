import { z } from "zod";

/** A connect session as the API tells it; more of it is passed on with `--json`. */
export const sessionSchema = z.looseObject({
  id: z.string(),
  status: z.enum(["created", "started", "authorized", "exchanging", "switching", "completed", "failed", "expired"]),
  connection_id: z.string().nullable(),
  problem: z.object({ code: z.string(), detail: z.string(), missing: z.array(z.string()).optional() }).nullable(),
  expires_at: z.string(),
});

export type ConnectSession = z.infer<typeof sessionSchema>;

/** True as long as something may still come of it. */
export function isWaiting({ status }: ConnectSession): boolean {
  return status !== "completed" && status !== "failed" && status !== "expired";
}
