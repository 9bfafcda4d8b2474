import { DATABASES } from "../stage/databases.ts";
import { campaignsContract } from "./campaigns.contract.ts";

for (const kind of DATABASES) campaignsContract(kind);
