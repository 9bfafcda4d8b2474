import { DATABASES } from "../stage/databases.ts";
import { instancesContract } from "./instances.contract.ts";

for (const kind of DATABASES) instancesContract(kind);
