import { callerOf } from "../guard.ts";
import { requireOperator } from "../operator.ts";
import type { App } from "../server.ts";

export interface MetricsRouteDeps {
  /** The text format of Prometheus, and its media type. */
  text: () => Promise<{ contentType: string; body: string }>;
}

/**
 * For Prometheus. Unlike `/healthz` it needs a key: how much there is of what tells of the business of those who run it, and the
 * service may stand in the open.
 */
export function metricsRoute(app: App, { text }: MetricsRouteDeps): void {
  app.get("/metrics", { config: { scope: "metrics:read" }, schema: { hide: true } }, async (request, reply) => {
    requireOperator(callerOf(request), "Metrics are of the whole installation: this takes a key of the first tenant.");
    const { contentType, body } = await text();
    return reply.header("cache-control", "no-store").type(contentType).send(body);
  });
}
