import { CircleCheck, CircleSlash, Hourglass } from "lucide-react";
import type { ApiKey } from "../api/api-keys.ts";

/** Whether a key opens anything, as of a moment. */
export function stateOf({ revoked_at, expires_at, replaced_by }: ApiKey, now: number) {
  if (revoked_at !== null) return { text: "Revoked", tone: "calm", Icon: CircleSlash, lives: false } as const;
  if (expires_at !== null && Date.parse(expires_at) <= now) {
    return { text: "Expired", tone: "calm", Icon: CircleSlash, lives: false } as const;
  }
  if (replaced_by !== null)
    return { text: "Replaced, ends soon", tone: "waiting", Icon: Hourglass, lives: true } as const;
  return { text: "Valid", tone: "good", Icon: CircleCheck, lives: true } as const;
}
