import { DATABASES } from "../stage/databases.ts";
import { connectionStoreContract } from "./connection-store.contract.ts";
import { connectionTransitionsContract } from "./connection-transitions.contract.ts";
import { dueContract } from "./due.contract.ts";

for (const kind of DATABASES) {
  connectionStoreContract(kind);
  connectionTransitionsContract(kind);
  dueContract(kind);
}
