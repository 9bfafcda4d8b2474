import { z } from "zod";
import { time } from "./wire.ts";

/** A token that was just made, shown this once. */
export const agentTokenSchema = z
  .object({ agent_token: z.string(), connections: z.array(z.string()), expires_at: time })
  .meta({ id: "AgentToken" });
