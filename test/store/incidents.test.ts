import { DATABASES } from "../stage/databases.ts";
import { incidentDecisionsContract } from "./incident-decisions.contract.ts";
import { incidentsContract } from "./incidents.contract.ts";

for (const kind of DATABASES) {
  incidentsContract(kind);
  incidentDecisionsContract(kind);
}
