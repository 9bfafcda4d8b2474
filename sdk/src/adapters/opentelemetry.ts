import { SpanKind, SpanStatusCode, trace, type Span, type Tracer } from "@opentelemetry/api";
import { EvergrantError } from "../evergrant-error.ts";
import type { ServiceTracer } from "../service-tracer.ts";

/**
 * The `tracer` of `createEvergrant` that makes a span of every call of the service. A span says which connection, generation and refresh
 * state, and what came of it; it holds no token and no key.
 */
export function openTelemetryTracer(tracer: Tracer = trace.getTracer("@evergrant/sdk")): ServiceTracer {
  return {
    trace(name, connectionId, call) {
      const attributes = { "evergrant.connection_id": connectionId };
      return tracer.startActiveSpan(`evergrant.${name}`, { kind: SpanKind.CLIENT, attributes }, async (span) => {
        try {
          const answer = await call();
          span.setAttribute("evergrant.outcome", "ok");
          span.setAttribute("evergrant.generation", answer.generation);
          if (answer.refreshState !== undefined) span.setAttribute("evergrant.refresh_state", answer.refreshState);
          return answer;
        } catch (error) {
          describeFailure(span, error);
          throw error;
        } finally {
          span.end();
        }
      });
    },
  };
}

/** Its code, cause and status; not its text, which a proxy in between may have written. */
function describeFailure(span: Span, error: unknown): void {
  const code = error instanceof EvergrantError ? error.code : "unknown";
  span.setAttributes({ "evergrant.outcome": code, "error.type": code });
  span.setStatus({ code: SpanStatusCode.ERROR, message: code });
  if (!(error instanceof EvergrantError)) return;
  if (error.reason !== null) span.setAttribute("evergrant.cause", error.reason);
  if (error.status !== null) span.setAttribute("http.response.status_code", error.status);
}
