import type { ClientSecret } from "../../src/client/client-secret.ts";

/** An active secret of which nothing is known but that it was added. */
export const NEW_SECRET: ClientSecret = {
  id: "sec_1",
  clientId: "cli_1",
  state: "active",
  sealed: Buffer.of(1),
  createdAt: 0,
  createdBy: null,
  promotedAt: null,
  promotedBy: null,
  retiredAt: null,
  retiredBy: null,
  keptUntil: null,
  lastUsedAt: null,
  provenCount: 0,
  promotesItself: false,
  refusal: null,
  expiresAt: null,
  shown: null,
};
