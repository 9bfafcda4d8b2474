import { problemWith, type Behaviour, type Delay, type Fault, type Reuse } from "./behaviour.ts";
import { createFieldReader } from "./field-reader.ts";

/** Reads a change of behaviour off the wire. With any problem the patch must not be used. */
export function readBehaviourPatch(json: unknown): { patch: Partial<Behaviour>; problems: string[] } {
  const problems: string[] = [];
  const fields = createFieldReader(json, problems, "behaviour");
  const patch: Partial<Behaviour> = {};

  const lifetime = fields.number("access_token_lifetime_seconds");
  if (lifetime !== undefined) patch.accessTokenLifetimeSeconds = lifetime;
  const rotation = fields.boolean("rotation");
  if (rotation !== undefined) patch.rotation = rotation;
  const offline = fields.boolean("offline_access_required");
  if (offline !== undefined) patch.offlineAccessRequired = offline;
  const reuse = readReuse(fields.raw("reuse"), problems);
  if (reuse !== undefined) patch.reuse = reuse;
  const fault = readFault(fields.raw("token_endpoint_fault"), problems);
  if (fault !== undefined) patch.tokenEndpointFault = fault;
  const delay = readDelay(fields.raw("token_endpoint_delay"), problems);
  if (delay !== undefined) patch.tokenEndpointDelay = delay;
  const apiNonce = fields.string("api_nonce");
  if (apiNonce !== undefined) patch.apiNonce = apiNonce;
  fields.finish();

  const nonsense = problems.length === 0 ? problemWith(patch) : null;
  return { patch, problems: nonsense === null ? problems : [nonsense] };
}

export function writeBehaviour(behaviour: Behaviour): object {
  return {
    access_token_lifetime_seconds: behaviour.accessTokenLifetimeSeconds,
    rotation: behaviour.rotation,
    reuse: behaviour.reuse,
    offline_access_required: behaviour.offlineAccessRequired,
    token_endpoint_fault: behaviour.tokenEndpointFault && writeFault(behaviour.tokenEndpointFault),
    token_endpoint_delay: behaviour.tokenEndpointDelay && writeDelay(behaviour.tokenEndpointDelay),
    api_nonce: behaviour.apiNonce,
  };
}

function readReuse(json: unknown, problems: string[]): Reuse | undefined {
  if (json === undefined) return undefined;
  const fields = createFieldReader(json, problems, "reuse");
  const kind = fields.string("kind");
  const reuse = reuseOf(kind, () => required(fields.number("seconds"), "seconds", problems));
  if (reuse === undefined) problems.push("reuse.kind must be accept, error or revoke_family");
  fields.finish();
  return reuse;
}

function reuseOf(kind: string | undefined, seconds: () => number): Reuse | undefined {
  switch (kind) {
    case "accept":
      return { kind, seconds: seconds() };
    case "error":
    case "revoke_family":
      return { kind };
    case undefined:
    default:
      return undefined;
  }
}

function readFault(json: unknown, problems: string[]): Fault | null | undefined {
  if (json === undefined || json === null) return json;
  const fields = createFieldReader(json, problems, "token_endpoint_fault");
  const fault = faultOf(fields.string("kind"), (name) => required(fields.number(name), name, problems));
  if (fault === undefined) {
    problems.push("token_endpoint_fault.kind must be status, rate_limit, hang, cut_after_commit, html or empty");
  }
  const times = fields.number("times");
  fields.finish();
  return fault === undefined || times === undefined ? fault : { ...fault, times };
}

function faultOf(kind: string | undefined, number: (name: string) => number): Fault | undefined {
  switch (kind) {
    case "status":
    case "html":
    case "empty":
      return { kind, status: number("status") };
    case "rate_limit":
      return { kind, retryAfterSeconds: number("retry_after_seconds") };
    case "hang":
    case "cut_after_commit":
      return { kind };
    case undefined:
    default:
      return undefined;
  }
}

function writeFault(fault: Fault): object {
  if (fault.kind !== "rate_limit") return fault;
  const { retryAfterSeconds, ...rest } = fault;
  return { ...rest, retry_after_seconds: retryAfterSeconds };
}

function readDelay(json: unknown, problems: string[]): Delay | null | undefined {
  if (json === undefined || json === null) return json;
  const fields = createFieldReader(json, problems, "token_endpoint_delay");
  const fromMs = required(fields.number("from_ms"), "from_ms", problems);
  const toMs = required(fields.number("to_ms"), "to_ms", problems);
  fields.finish();
  return { fromMs, toMs };
}

function writeDelay({ fromMs, toMs }: Delay): object {
  return { from_ms: fromMs, to_ms: toMs };
}

function required(value: number | undefined, name: string, problems: string[]): number {
  if (value === undefined) problems.push(`${name} is missing`);
  return value ?? 0;
}
