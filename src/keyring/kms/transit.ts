import type { HttpResponse, Transport } from "../../oauth/http.ts";
import { parseJsonObject } from "../../oauth/json-object.ts";
import type { KeyAddress } from "./key-address.ts";
import type { KeyClient } from "./key-client.ts";
import { KeyServiceRefusal, type KeyFailure } from "./key-failure.ts";
import { KEY_DEADLINE } from "./key-service.ts";
import { readTransitToken, type TransitAccess } from "./transit-access.ts";

type TransitAddress = Extract<KeyAddress, { kind: "transit" }>;

const HINTS = {
  unreachable: "Check the address and the network; NODE_EXTRA_CA_CERTS names certificate authorities of your own.",
  no_identity: "Check EVERGRANT_TRANSIT_TOKEN or the file that EVERGRANT_TRANSIT_TOKEN_FILE names.",
  not_permitted:
    "Check that its token is valid, and that one of its policies allows update on the paths encrypt and decrypt of this key.",
  no_such_key: "Check the mount and the name of the key, its min_decryption_version, and the namespace.",
  unsuitable: "Its type has to be symmetric, such as aes256-gcm96, and not derived.",
  other_key: "Name the key that was in use when this root key was stored.",
};

/**
 * Symmetric keys of the Transit engine of Vault or OpenBao; the context is `associated_data`, which keys of RSA refuse, and
 * which Vault passes over before version 1.13.
 */
export function createTransitClient(transport: Transport, address: TransitAddress, access: TransitAccess): KeyClient {
  async function ask(
    operation: "encrypt" | "decrypt",
    content: Record<string, string>,
  ): Promise<Record<string, unknown>> {
    const token = await readTransitToken(access);
    const headers: Record<string, string> = {
      accept: "application/json",
      "content-type": "application/json",
      "x-vault-request": "true",
      "x-vault-token": token.reveal(),
    };
    if (access.namespace !== null) headers["x-vault-namespace"] = access.namespace;
    const url = `${address.origin}/v1/${address.mount}/${operation}/${address.key}`;
    const request = { method: "POST" as const, url, headers, body: JSON.stringify(content) };
    const result = await transport.send(request, { deadlineMs: KEY_DEADLINE });
    if (result.kind === "failure") throw new KeyServiceRefusal("unreachable", result.reason);
    return dataOf(result.response);
  }

  return {
    name: address.name,
    hints: HINTS,
    failureOf: () => ({ kind: "unrecognised", code: "no code" }),
    encrypt: async (plaintext, context) => {
      const { ciphertext } = await ask("encrypt", { plaintext: base64(plaintext), associated_data: base64(context) });
      if (typeof ciphertext === "string" && CIPHERTEXT.test(ciphertext)) return Buffer.from(ciphertext, "latin1");
      throw new KeyServiceRefusal("unrecognised", "no ciphertext");
    },
    decrypt: async (stored, context) => {
      const ciphertext = Buffer.from(stored).toString("latin1");
      if (!CIPHERTEXT.test(ciphertext)) throw new KeyServiceRefusal("other_key", "not of a Transit engine");
      const { plaintext } = await ask("decrypt", { ciphertext, associated_data: base64(context) });
      if (typeof plaintext === "string" && BASE64.test(plaintext)) return Buffer.from(plaintext, "base64");
      throw new KeyServiceRefusal("unrecognised", "no plaintext");
    },
  };
}

const BASE64 = /^[A-Za-z0-9+/]{1,65536}={0,2}$/;
/** The text names the version of the key. */
const CIPHERTEXT = /^vault:v\d{1,9}:[A-Za-z0-9+/]{1,65536}={0,2}$/;

function base64(bytes: Uint8Array | string): string {
  return Buffer.from(bytes).toString("base64");
}

function dataOf({ status, body }: HttpResponse): Record<string, unknown> {
  const answer = parseJsonObject(Buffer.from(body).toString("utf8"));
  if (status !== 200) {
    const failure = failureOf(status, answer);
    throw new KeyServiceRefusal(failure.kind, failure.code);
  }
  const { data } = answer ?? {};
  if (typeof data === "object" && data !== null) return { ...data };
  throw new KeyServiceRefusal("unrecognised", "no data");
}

/** What an engine says of itself is a sentence (`{"errors": ["encryption key not found"]}`): read here, and not passed on. */
function failureOf(status: number, answer: Record<string, unknown> | null): KeyFailure {
  const code = `HTTP ${status}`;
  const sentences = JSON.stringify(answer?.["errors"] ?? "");
  if (status === 403) return { kind: "not_permitted", code };
  if (status === 404 || (status === 400 && /key not found|too old|soft-deleted/.test(sentences))) {
    return { kind: "no_such_key", code };
  }
  if (status === 400) {
    return { kind: /non-AEAD|not supported|derivation/.test(sentences) ? "unsuitable" : "other_key", code };
  }
  return { kind: status === 412 || status === 429 || status >= 472 ? "in_trouble" : "unrecognised", code };
}
