import { DATABASES } from "../stage/databases.ts";
import { connectionCommitsContract } from "./connection-commits.contract.ts";
import { connectionRecoveryContract } from "./connection-recovery.contract.ts";
import { connectionRejectionsContract } from "./connection-rejections.contract.ts";
import { connectionSparesContract } from "./connection-spares.contract.ts";

for (const kind of DATABASES) {
  connectionCommitsContract(kind);
  connectionRecoveryContract(kind);
  connectionSparesContract(kind);
  connectionRejectionsContract(kind);
}
