import type { SigningAlgorithm } from "../oauth/signing-key.ts";
import type { Provider } from "../provider/provider.ts";
import type { Sealer } from "../runtime/sealer.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { readClientKey, writeClientKey, type ClientKey } from "./client-key.ts";
import type { ClientKeys } from "./client-keys.ts";

/** A key that token sets are bound to (RFC 9449). It lives as long as one of them may: it is never replaced under them. */
export interface SealedDpopKey {
  /** `jkt` (RFC 9449 §6.1, RFC 7638), which names it. */
  thumbprint: string;
  sealed: Uint8Array;
}

export interface DpopKeyStore {
  /** Also one that new token sets are not bound to any more. */
  dpopKey(thumbprint: string): Promise<SealedDpopKey | null>;
}

/** A new one, of an algorithm that the provider takes. Throws `invalid_request` where it takes none that is known here. */
export async function newDpopKey(
  { keys, sealer }: { keys: Pick<ClientKeys, "create">; sealer: Sealer },
  tenantId: string,
  provider: Pick<Provider, "dpop_algorithms">,
): Promise<SealedDpopKey> {
  const { value } = await keys.create(algorithmFor(provider));
  const sealed = await sealer.seal(addressOf(tenantId, value.keyId), writeClientKey(value));
  return { thumbprint: value.keyId, sealed };
}

export interface OpeningDeps {
  clients: DpopKeyStore;
  sealer: Sealer;
}

/** Throws `key_unavailable` when it is not there, or cannot be opened. */
export async function openDpopKey(
  { clients, sealer }: OpeningDeps,
  tenantId: string,
  thumbprint: string,
): Promise<ClientKey> {
  const key = await clients.dpopKey(thumbprint);
  if (!key) throw new ServiceError("key_unavailable", "The key that these tokens are bound to is not there.");
  return readClientKey(await sealer.open(addressOf(tenantId, thumbprint), key.sealed));
}

/** The first that a provider takes is used; ES256, as in all examples of RFC 9449, where it does not say. */
const PREFERRED: readonly SigningAlgorithm[] = ["ES256", "EdDSA", "PS256", "RS256"];

function algorithmFor({ dpop_algorithms: taken }: Pick<Provider, "dpop_algorithms">): SigningAlgorithm {
  const algorithm = taken.length === 0 ? "ES256" : PREFERRED.find((one) => taken.includes(one));
  if (algorithm) return algorithm;
  throw new ServiceError("invalid_request", `dpop: the provider takes proofs only by ${taken.join(", ")}.`);
}

function addressOf(tenantId: string, thumbprint: string) {
  return { tenantId, recordId: thumbprint, field: "dpop_key" as const, generation: 0 };
}
