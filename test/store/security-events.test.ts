import { DATABASES } from "../stage/databases.ts";
import { securityEventsContract } from "./security-events.contract.ts";

for (const kind of DATABASES) securityEventsContract(kind);
