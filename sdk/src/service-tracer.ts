import type { RefreshState } from "./access-token.ts";

export type ServiceCallName = "access_token" | "access_token_rejected" | "dpop_proof";

/** What may be told of an answer of the service; the rest of it is secret. */
export interface TracedAnswer {
  readonly generation: number;
  readonly refreshState?: RefreshState;
}

/** Sees the calls of the service. */
export interface ServiceTracer {
  /** Makes the call, and settles as that does. */
  trace<Answer extends TracedAnswer>(
    name: ServiceCallName,
    connectionId: string,
    call: () => Promise<Answer>,
  ): Promise<Answer>;
}
