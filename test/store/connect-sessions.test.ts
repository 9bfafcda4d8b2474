import { DATABASES } from "../stage/databases.ts";
import { connectSessionStoreContract } from "./connect-session-store.contract.ts";

for (const kind of DATABASES) connectSessionStoreContract(kind);
