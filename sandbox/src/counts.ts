import type { SandboxEvent } from "./sandbox-event.ts";

/** What the sandbox has been asked since it started or since the last reset. */
export interface Counts {
  /** Token requests as they arrive, those that met a fault included. */
  authorizationCodeRequests: number;
  refreshRequests: number;
  /** What the server made of them. After `cut_after_commit` a success nobody heard of still counts. */
  refreshesSucceeded: number;
  refreshesRejected: number;
  /** Every time a used refresh token was presented, also when `reuse` accepted it. */
  reuseDetected: number;
  revocationRequests: number;
  apiRequests: number;
  /** Those of `apiRequests` that were answered 401. */
  apiUnauthorized: number;
  /** `refreshRequests` by the user whose refresh token was presented. */
  refreshesByUser: Record<string, number>;
  tokenRequestsByClient: Record<string, number>;
  faultsServed: number;
}

export interface Counter {
  record(event: SandboxEvent): void;
  counts(): Counts;
  reset(): void;
}

export function createCounter(): Counter {
  let counts = zero();
  return {
    record: (event) => count(counts, event),
    counts: () => structuredClone(counts),
    reset: () => {
      counts = zero();
    },
  };
}

export function writeCounts(counts: Counts): object {
  return {
    authorization_code_requests: counts.authorizationCodeRequests,
    refresh_requests: counts.refreshRequests,
    refreshes_succeeded: counts.refreshesSucceeded,
    refreshes_rejected: counts.refreshesRejected,
    reuse_detected: counts.reuseDetected,
    revocation_requests: counts.revocationRequests,
    api_requests: counts.apiRequests,
    api_unauthorized: counts.apiUnauthorized,
    refreshes_by_user: counts.refreshesByUser,
    token_requests_by_client: counts.tokenRequestsByClient,
    faults_served: counts.faultsServed,
  };
}

function count(counts: Counts, event: SandboxEvent): void {
  switch (event.kind) {
    case "token_request":
      if (event.grant === "authorization_code") counts.authorizationCodeRequests += 1;
      if (event.grant === "refresh_token") counts.refreshRequests += 1;
      if (event.grant === "refresh_token" && event.user !== null) add(counts.refreshesByUser, event.user);
      if (event.clientId !== null) add(counts.tokenRequestsByClient, event.clientId);
      return;
    case "token_answer":
      if (event.grant !== "refresh_token") return;
      if (event.status === 200) counts.refreshesSucceeded += 1;
      else counts.refreshesRejected += 1;
      return;
    case "fault_served":
      counts.faultsServed += 1;
      return;
    case "reuse_detected":
      counts.reuseDetected += 1;
      return;
    case "revocation_request":
      counts.revocationRequests += 1;
      return;
    case "api_request":
      counts.apiRequests += 1;
      if (event.status === 401) counts.apiUnauthorized += 1;
      return;
    case "signed_in":
    case "consent":
    case "control":
    case "server_error":
  }
}

function add(into: Record<string, number>, name: string): void {
  into[name] = (into[name] ?? 0) + 1;
}

function zero(): Counts {
  return {
    authorizationCodeRequests: 0,
    refreshRequests: 0,
    refreshesSucceeded: 0,
    refreshesRejected: 0,
    reuseDetected: 0,
    revocationRequests: 0,
    apiRequests: 0,
    apiUnauthorized: 0,
    refreshesByUser: {},
    tokenRequestsByClient: {},
    faultsServed: 0,
  };
}
