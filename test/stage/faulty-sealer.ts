import type { Sealer } from "../../src/runtime/sealer.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";

export interface FaultySealer extends Sealer {
  /** The key cannot be reached: nothing opens and nothing is sealed. */
  away: boolean;
}

export function createFaultySealer(sealer: Sealer): FaultySealer {
  const faulty: FaultySealer = {
    away: false,
    seal: async (address, plaintext) => present(faulty) && sealer.seal(address, plaintext),
    name: async (tenantId, plaintext) => present(faulty) && sealer.name(tenantId, plaintext),
    open: async (address, sealed) => present(faulty) && sealer.open(address, sealed),
  };
  return faulty;
}

function present({ away }: FaultySealer): true {
  if (away) throw new ServiceError("key_unavailable", "The key is away.");
  return true;
}
