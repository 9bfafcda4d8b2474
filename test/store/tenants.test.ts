import { DATABASES } from "../stage/databases.ts";
import { tenantStoreContract } from "./tenant-store.contract.ts";

for (const kind of DATABASES) tenantStoreContract(kind);
