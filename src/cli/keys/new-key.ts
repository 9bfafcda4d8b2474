import { mintKey } from "../../access/api-key.ts";
import { generateRootKey } from "../../keyring/root-key.ts";
import { systemClock, systemRandom } from "../../service/system.ts";

/** A root key as `EVERGRANT_ROOT_KEY_FILE` holds it. */
export function newRootKey(): string {
  return generateRootKey(systemRandom).reveal();
}

/** An admin API key as `EVERGRANT_ADMIN_KEY` and `EVERGRANT_API_KEY` take it. */
export function newAdminKey(): string {
  return mintKey("admin", systemClock, systemRandom).text.reveal();
}
