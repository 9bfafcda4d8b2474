import { z } from "zod";
import type { Tenants } from "../../access/tenants.ts";
import { callerOf } from "../guard.ts";
import type { App } from "../server.ts";
import { failures, secured } from "../wire.ts";

export const installationSchema = z
  .object({
    version: z.string(),
    public_url: z.string().describe("Where the browsers of the caller's tenant reach the service"),
    database: z.enum(["sqlite", "postgres"]),
    sign_in_issuer: z.string().nullable().describe("Where operators sign in; null where they have API keys alone"),
    mails_operators: z.boolean().describe("Whether warnings are mailed to the operators"),
  })
  .meta({ id: "Installation" });

export type Installation = Omit<z.infer<typeof installationSchema>, "public_url">;

export interface InstallationDeps {
  installation: Installation;
  publicUrl: string;
  tenants: Pick<Tenants, "recall">;
}

/** What the settings come to, without what is secret or where anything is. */
export function installationRoute(app: App, { installation, publicUrl, tenants }: InstallationDeps): void {
  app.get(
    "/v1/installation",
    {
      config: { scope: "connections:read" },
      schema: {
        summary: "Which service this is",
        security: secured,
        response: { 200: installationSchema, ...failures },
      },
    },
    async (request) => ({
      ...installation,
      public_url: tenants.recall(callerOf(request).tenantId)?.publicUrl ?? publicUrl,
    }),
  );
}
