import type { Transport } from "../../oauth/http.ts";
import type { Clock } from "../../runtime/clock.ts";
import { createAwsClient } from "./aws.ts";
import { createAzureClient } from "./azure.ts";
import { createGoogleClient } from "./google.ts";
import { parseKeyAddress } from "./key-address.ts";
import type { KeyClient } from "./key-client.ts";
import { createKeyService, type KeyService } from "./key-service.ts";
import { loadPackage, PACKAGES, type Packages } from "./packages.ts";
import type { TransitAccess } from "./transit-access.ts";
import { createTransitClient } from "./transit.ts";

export interface KeyServiceDeps {
  clock: Clock;
  /** A transport that may reach `host`, though it be private: who wrote the address has allowed it, for this and nothing else. */
  transportTo: (host: string) => Transport;
  transit: TransitAccess;
  /** Only tests bring others. */
  packages?: Packages;
}

/**
 * The key that an address names ([docs/keys.md](../../../docs/keys.md)). Nothing is sent yet. Throws `invalid_request` when it
 * is no address, and `key_unavailable` when the package of its service is not installed.
 */
export async function openKeyService(address: string, deps: KeyServiceDeps): Promise<KeyService> {
  return createKeyService(await openKeyClient(address, deps), deps.clock);
}

async function openKeyClient(text: string, deps: KeyServiceDeps): Promise<KeyClient> {
  const address = parseKeyAddress(text);
  const packages = deps.packages ?? PACKAGES;
  switch (address.kind) {
    case "aws-kms":
      return createAwsClient(await loadPackage(packages, "@aws-sdk/client-kms"), address);
    case "google-kms":
      return createGoogleClient(await loadPackage(packages, "@google-cloud/kms"), address);
    case "azure-kms": {
      const keys = await loadPackage(packages, "@azure/keyvault-keys");
      const { DefaultAzureCredential } = await loadPackage(packages, "@azure/identity");
      return createAzureClient(keys, new DefaultAzureCredential(), address);
    }
    case "transit":
      return createTransitClient(deps.transportTo(address.host), address, deps.transit);
  }
}
