import { DATABASES } from "../stage/databases.ts";
import { restoresContract } from "./restores.contract.ts";

for (const kind of DATABASES) restoresContract(kind);
