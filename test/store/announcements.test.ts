import { DATABASES } from "../stage/databases.ts";
import { announcementsContract } from "./announcements.contract.ts";

for (const kind of DATABASES) announcementsContract(kind);
