import type { Scope } from "../api/api-keys.ts";

/** What each scope lets a key do; docs/access.md has the same in a table. */
const SCOPES: Record<Scope, string> = {
  "token:read": "Get access tokens and proofs, and report what an API refused. What most applications need.",
  "connections:read": "See connections, their history, incidents and campaigns, and who was handed their tokens.",
  "connections:write":
    "Connect, import, refresh, check, disconnect and change connections; acknowledge incidents, run campaigns.",
  "clients:write": "Manage OAuth clients, their secrets, and providers.",
  "keys:write": "Manage API keys; give away only scopes that the key itself has.",
  "audit:read": "Read the audit log.",
  "metrics:read": "Read the metrics, with a key of the first tenant.",
  "webhooks:read": "See webhook endpoints, and what became of each event there.",
  "webhooks:write": "Add, change, test and replay webhook endpoints.",
  admin: "Everything.",
};

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the record above
export const SCOPE_CHOICES = (Object.keys(SCOPES) as Scope[]).map((scope) => [scope, scope, SCOPES[scope]] as const);
