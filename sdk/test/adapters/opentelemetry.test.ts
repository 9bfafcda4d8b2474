import { trace } from "@opentelemetry/api";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { expect, it } from "vitest";
import { openTelemetryTracer } from "../../src/adapters/opentelemetry.ts";
import { startApi } from "../api.ts";
import { caughtEvergrantError } from "../caught.ts";
import { API_KEY, sendProblem, startEvergrantService, tokenOf } from "../evergrant-service.ts";

async function start() {
  const [service, api] = await Promise.all([startEvergrantService(), startApi()]);
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const connection = service.connect({ tracer: openTelemetryTracer(provider.getTracer("test")) });
  const spans = () =>
    exporter.getFinishedSpans().map(({ name, kind, attributes, status }) => ({ name, kind, attributes, status }));
  return { service, api, connection, spans, exporter };
}

it("makes a span of every call of the service, and none of a token in memory", async () => {
  const { api, connection, spans } = await start();
  await connection.fetch(api.url);
  await connection.fetch(api.url);
  api.takesFrom = 2;
  await connection.fetch(api.url);
  await connection.dpopProof({ method: "GET", url: api.url });
  const common = { "evergrant.connection_id": "con_1", "evergrant.outcome": "ok" };
  expect(spans()).toMatchObject([
    {
      name: "evergrant.access_token",
      kind: 2,
      attributes: { ...common, "evergrant.generation": 1, "evergrant.refresh_state": "ok" },
    },
    { name: "evergrant.access_token_rejected", attributes: { ...common, "evergrant.generation": 2 } },
    { name: "evergrant.dpop_proof", attributes: { ...common, "evergrant.generation": 2 } },
  ]);
});

it("says what came of a call that failed", async () => {
  const { service, connection, spans } = await start();
  service.instead = (response) =>
    sendProblem(response, 409, {
      code: "reauthorization_required",
      cause: "revoked_by_user",
      reauthorization_url: "https://example.test/a-link-that-nobody-may-see",
    });
  await caughtEvergrantError(connection.accessToken());
  service.instead = (response) => void response.destroy();
  await caughtEvergrantError(connection.accessToken());
  expect(spans()).toMatchObject([
    {
      attributes: {
        "evergrant.outcome": "reauthorization_required",
        "evergrant.cause": "revoked_by_user",
        "http.response.status_code": 409,
      },
      status: { code: 2, message: "reauthorization_required" },
    },
    {
      attributes: { "evergrant.outcome": "service_unreachable", "error.type": "service_unreachable" },
      status: { code: 2 },
    },
  ]);
});

it("tells no token, no key and no link", async () => {
  const { service, api, connection, exporter } = await start();
  api.takesFrom = 2;
  await connection.fetch(api.url);
  service.instead = (response) =>
    sendProblem(response, 409, { code: API_KEY, detail: tokenOf(2), reauthorization_url: "nobody-may-see" });
  await caughtEvergrantError(connection.accessToken());
  const told = exporter
    .getFinishedSpans()
    .map(({ name, attributes, events, status, links }) => JSON.stringify([name, attributes, events, status, links]));
  expect(told).toHaveLength(3);
  expect(told.join()).not.toContain("nobody-may-see");
});

it("asks the application for its tracer when none is given", async () => {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  const service = await startEvergrantService();
  await service.connect({ tracer: openTelemetryTracer() }).accessToken();
  expect(exporter.getFinishedSpans().map(({ instrumentationScope }) => instrumentationScope.name)).toEqual([
    "@evergrant/sdk",
  ]);
  trace.disable();
});
