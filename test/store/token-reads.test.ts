import { DATABASES } from "../stage/databases.ts";
import { tokenReadStoreContract } from "./token-reads.contract.ts";

for (const kind of DATABASES) tokenReadStoreContract(kind);
