import { DATABASES } from "../stage/databases.ts";
import { clientStoreContract } from "./client-store.contract.ts";

for (const kind of DATABASES) clientStoreContract(kind);
