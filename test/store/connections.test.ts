import { DATABASES } from "../stage/databases.ts";
import { connectionCompanyContract } from "./connection-company.contract.ts";
import { connectionDiscardContract } from "./connection-discard.contract.ts";
import { connectionEndingsContract } from "./connection-endings.contract.ts";
import { connectionStoreContract } from "./connection-store.contract.ts";
import { connectionUpkeepContract } from "./connection-upkeep.contract.ts";

for (const kind of DATABASES) {
  connectionStoreContract(kind);
  connectionUpkeepContract(kind);
  connectionEndingsContract(kind);
  connectionCompanyContract(kind);
  connectionDiscardContract(kind);
}
