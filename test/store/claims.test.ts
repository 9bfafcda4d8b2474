import { DATABASES } from "../stage/databases.ts";
import { connectionAttemptsContract } from "./connection-attempts.contract.ts";
import { connectionClaimsContract } from "./connection-claims.contract.ts";
import { connectionComebackContract } from "./connection-comeback.contract.ts";
import { connectionCrowdContract } from "./connection-crowd.contract.ts";
import { connectionDueContract } from "./connection-due.contract.ts";
import { connectionOrphansContract } from "./connection-orphans.contract.ts";
import { connectionOvertakenContract } from "./connection-overtaken.contract.ts";
import { connectionRefusalsContract } from "./connection-refusals.contract.ts";
import { connectionRoomContract } from "./connection-room.contract.ts";

for (const kind of DATABASES) {
  connectionClaimsContract(kind);
  connectionRefusalsContract(kind);
  connectionDueContract(kind);
  connectionRoomContract(kind);
  connectionOrphansContract(kind);
  connectionAttemptsContract(kind);
  connectionOvertakenContract(kind);
  connectionComebackContract(kind);
  connectionCrowdContract(kind);
}
