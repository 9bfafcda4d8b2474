import { DATABASES } from "../stage/databases.ts";
import { connectionNeedsContract } from "./connection-needs.contract.ts";
import { probesContract } from "./probes.contract.ts";

for (const kind of DATABASES) {
  connectionNeedsContract(kind);
  probesContract(kind);
}
