import { DATABASES } from "../stage/databases.ts";
import { connectionListContract } from "./connection-list.contract.ts";
import { refreshCountsContract } from "./refresh-counts.contract.ts";

for (const kind of DATABASES) {
  connectionListContract(kind);
  refreshCountsContract(kind);
}
