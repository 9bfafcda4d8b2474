import { DATABASES } from "../stage/databases.ts";
import { apiKeyStoreContract } from "./access-stores.contract.ts";

for (const kind of DATABASES) apiKeyStoreContract(kind);
