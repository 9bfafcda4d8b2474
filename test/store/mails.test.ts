import { DATABASES } from "../stage/databases.ts";
import { mailsContract } from "./mails.contract.ts";

for (const kind of DATABASES) mailsContract(kind);
