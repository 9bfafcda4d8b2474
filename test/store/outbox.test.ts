import { DATABASES } from "../stage/databases.ts";
import { outboxContract } from "./outbox.contract.ts";

for (const kind of DATABASES) outboxContract(kind);
