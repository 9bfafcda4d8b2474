import { DATABASES } from "../stage/databases.ts";
import { keyStoreContract } from "./access-stores.contract.ts";

for (const kind of DATABASES) keyStoreContract(kind);
