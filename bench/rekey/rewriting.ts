import type { Keyring } from "../sweep/built.ts";

/** No cryptography: gives back the bytes that it was given. */
export const rewriting: Pick<Keyring, "reseal" | "rest"> = {
  reseal: async (_tenantId, values) => values.map(({ sealed }) => sealed),
  rest: async () => undefined,
};
