import { DATABASES } from "../stage/databases.ts";
import { clientSecretStoreContract } from "./client-secret-store.contract.ts";
import { clientStoreContract } from "./client-store.contract.ts";

for (const kind of DATABASES) {
  clientStoreContract(kind);
  clientSecretStoreContract(kind);
}
