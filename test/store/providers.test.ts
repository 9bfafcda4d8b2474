import { DATABASES } from "../stage/databases.ts";
import { providerStoreContract } from "./access-stores.contract.ts";

for (const kind of DATABASES) providerStoreContract(kind);
