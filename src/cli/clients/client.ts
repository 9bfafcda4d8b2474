import type { z } from "zod";
import type { clientSchema, clientSecretSchema } from "../../api/client-view.ts";

export type Client = z.infer<typeof clientSchema>;
export type ClientSecret = z.infer<typeof clientSecretSchema>;
