import { DATABASES } from "../stage/databases.ts";
import { connectionBatchesContract } from "./connection-batches.contract.ts";
import { connectionCommitsContract } from "./connection-commits.contract.ts";
import { connectionPromotionContract } from "./connection-promotion.contract.ts";
import { connectionRecoveryContract } from "./connection-recovery.contract.ts";
import { connectionRejectionsContract } from "./connection-rejections.contract.ts";
import { connectionSparesContract } from "./connection-spares.contract.ts";
import { connectionSpentContract } from "./connection-spent.contract.ts";

for (const kind of DATABASES) {
  connectionCommitsContract(kind);
  connectionBatchesContract(kind);
  connectionRecoveryContract(kind);
  connectionSparesContract(kind);
  connectionPromotionContract(kind);
  connectionSpentContract(kind);
  connectionRejectionsContract(kind);
}
