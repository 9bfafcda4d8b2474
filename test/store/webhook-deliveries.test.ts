import { DATABASES } from "../stage/databases.ts";
import { webhookDeliveriesContract } from "./webhook-deliveries.contract.ts";

for (const kind of DATABASES) webhookDeliveriesContract(kind);
