import { DATABASES } from "../stage/databases.ts";
import { incidentsContract } from "./incidents.contract.ts";

for (const kind of DATABASES) incidentsContract(kind);
