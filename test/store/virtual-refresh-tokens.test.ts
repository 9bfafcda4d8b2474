import { DATABASES } from "../stage/databases.ts";
import { virtualRefreshTokenStoreContract } from "./virtual-refresh-tokens.contract.ts";

for (const kind of DATABASES) virtualRefreshTokenStoreContract(kind);
