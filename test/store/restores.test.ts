import { DATABASES } from "../stage/databases.ts";
import { restoreCloneContract } from "./restore-clone.contract.ts";
import { restoreHoldContract } from "./restore-hold.contract.ts";
import { restoresContract } from "./restores.contract.ts";

for (const kind of DATABASES) {
  restoresContract(kind);
  restoreHoldContract(kind);
  restoreCloneContract(kind);
}
