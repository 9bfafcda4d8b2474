import { DATABASES } from "../stage/databases.ts";
import { restoreCloneContract } from "./restore-clone.contract.ts";
import { restoresContract } from "./restores.contract.ts";

for (const kind of DATABASES) {
  restoresContract(kind);
  restoreCloneContract(kind);
}
