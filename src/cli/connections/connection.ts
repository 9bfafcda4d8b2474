import type { z } from "zod";
import type { connectionSchema } from "../../api/connection-view.ts";

export type Connection = z.infer<typeof connectionSchema>;
