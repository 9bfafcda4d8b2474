import { DATABASES } from "../stage/databases.ts";
import { keyStoreContract } from "./access-stores.contract.ts";
import { keyRotationContract } from "./key-rotation.contract.ts";

for (const kind of DATABASES) {
  keyStoreContract(kind);
  keyRotationContract(kind);
}
