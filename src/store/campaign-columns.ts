import { z } from "zod";
import type { MemberOutcome } from "../incident/campaign.ts";
import { jsonColumn } from "./json-column.ts";

/** Columns of campaigns that have a shape of their own. */
export const remindersColumn = jsonColumn(z.array(z.number()));
export const quietHoursColumn = jsonColumn(z.object({ from: z.string(), to: z.string(), timeZone: z.string() }));
export const outcomeColumn = z
  .enum(["recovered", "disconnected", "unanswered", "cancelled"] satisfies MemberOutcome[])
  .nullable();
