import type { Service } from "./service.ts";
import type { ServiceTracer } from "./service-tracer.ts";

/** The same service, whose calls a tracer sees. */
export function traceService(service: Service, tracer: ServiceTracer): Service {
  return {
    accessToken: (id, minTtl) => tracer.trace("access_token", id, () => service.accessToken(id, minTtl)),
    rejected: (id, refusal) => tracer.trace("access_token_rejected", id, () => service.rejected(id, refusal)),
    dpopProof: (id, request) => tracer.trace("dpop_proof", id, () => service.dpopProof(id, request)),
  };
}
