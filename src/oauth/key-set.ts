import type { JSONWebKeySet } from "jose";
import { z } from "zod";
import { parseJsonObject } from "./json-object.ts";

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) });

/** A set of public keys (RFC 7517 §5); null when it is none. */
export function readKeySet(body: Uint8Array): JSONWebKeySet | null {
  return keySet.safeParse(parseJsonObject(new TextDecoder().decode(body))).data ?? null;
}
