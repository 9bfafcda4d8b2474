import { z } from "zod";

/** Whether a reauthorization has to come back with the account that was connected. */
export const accountRule = z
  .enum(["same", "may_change"])
  .describe(
    "`same`, the default: another account is refused. `may_change`: its user is asked whether it takes the connection's place",
  );
