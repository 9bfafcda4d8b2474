import { DATABASES } from "../stage/databases.ts";
import { auditStoreContract } from "./audit.contract.ts";
import { auditTamperingContract } from "./audit-tampering.contract.ts";

for (const kind of DATABASES) {
  auditStoreContract(kind);
  auditTamperingContract(kind);
}
