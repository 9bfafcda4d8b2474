import { z } from "zod";
import { ServiceError } from "../../runtime/service-error.ts";
import type { App } from "../server.ts";
import { failures } from "../wire.ts";

/** For load balancers and tools; none of these needs an API key or tells anything about connections. */
export function operationRoutes(app: App, deps: { ready(): Promise<boolean> }): void {
  const ok = z.object({ status: z.literal("ok") });
  app.get("/healthz", { schema: { summary: "The process runs", response: { 200: ok } } }, async () => ({
    status: "ok" as const,
  }));

  app.get(
    "/readyz",
    { schema: { summary: "The service can work: its store answers", response: { 200: ok, ...failures } } },
    async () => {
      if (!(await deps.ready()))
        throw new ServiceError("shutting_down", "The service is stopping.", { retryAfterMs: 5000 });
      return { status: "ok" as const };
    },
  );

  app.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger());
}
