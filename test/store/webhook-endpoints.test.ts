import { DATABASES } from "../stage/databases.ts";
import { webhookEndpointsContract } from "./webhook-endpoints.contract.ts";

for (const kind of DATABASES) webhookEndpointsContract(kind);
