import type { z } from "zod";
import type { clientSchema, clientSecretSchema } from "../../../src/api/client-view.ts";
import type { addBody } from "../../../src/api/routes/client-secrets.ts";
import type { createBody, patchBody } from "../../../src/api/routes/clients.ts";
import type { providerView } from "../../../src/api/routes/providers.ts";

/** What the API answers about clients and takes for them, by its own schemas. */
export type Client = z.infer<typeof clientSchema>;
export type NewClient = z.input<typeof createBody>;
export type ClientChange = z.input<typeof patchBody>;
export type ClientSecret = z.infer<typeof clientSecretSchema>;
export type NewSecret = z.input<typeof addBody>;
export type Provider = z.infer<typeof providerView>;
