import type * as Sdk from "@google-cloud/kms";
import { parseJsonObject } from "../../oauth/json-object.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { crc32c } from "./crc32c.ts";
import type { KeyAddress } from "./key-address.ts";
import type { KeyClient } from "./key-client.ts";
import { KeyServiceRefusal, networkCode, plainCode, type KeyFailure, type KeyFailureKind } from "./key-failure.ts";

type GoogleAddress = Extract<KeyAddress, { kind: "google-kms" }>;
type Client = Sdk.v1.KeyManagementServiceClient;
type Settings = NonNullable<ConstructorParameters<typeof Sdk.KeyManagementServiceClient>[0]>;

const HINTS = {
  unreachable: "Check the network: cloudkms.googleapis.com and what signs this process in have to be reachable.",
  no_identity: "Check the service account of this machine or workload, or GOOGLE_APPLICATION_CREDENTIALS.",
  not_permitted:
    "Check that the key exists, and that its service account has roles/cloudkms.cryptoKeyEncrypterDecrypter on it.",
  no_such_key: "Check the key in the Google Cloud console, and that the version that was used is enabled.",
  unsuitable: "Its purpose has to be symmetric encrypt/decrypt.",
  other_key: "Name the key that was in use when this root key was stored.",
};

/** Symmetric keys of Google Cloud KMS, over REST; the context is the additional authenticated data. `settings` is for tests. */
export function createGoogleClient(sdk: typeof Sdk, address: GoogleAddress, settings: Settings = {}): KeyClient {
  refuseLogging();

  async function ask<T>(call: (client: Client) => Promise<[T, ...unknown[]]>, signal: AbortSignal): Promise<T> {
    const client = new sdk.KeyManagementServiceClient({ fallback: "rest", ...settings });
    // Before the call, which would leave a failure of this with nobody to catch it: that ends the process.
    await client.initialize();
    await endWith(client, signal);
    const [answer] = await call(client);
    return answer;
  }

  return {
    name: address.name,
    hints: HINTS,
    failureOf,
    encrypt: async (plaintext, context, signal) => {
      const request = { name: address.key, plaintext, plaintextCrc32c: checksum(plaintext), ...bound(context) };
      const answer = await ask((client) => client.encrypt(request, { retry: null }), signal);
      const arrived = answer.verifiedPlaintextCrc32c && answer.verifiedAdditionalAuthenticatedDataCrc32c;
      if (arrived !== true) throw new KeyServiceRefusal("in_trouble", "checksum");
      return intact(answer.ciphertext, answer.ciphertextCrc32c);
    },
    decrypt: async (ciphertext, context, signal) => {
      const request = { name: address.key, ciphertext, ciphertextCrc32c: checksum(ciphertext), ...bound(context) };
      const answer = await ask((client) => client.decrypt(request, { retry: null }), signal);
      return intact(answer.plaintext, answer.plaintextCrc32c);
    },
  };
}

/** Google's packages can be told to print each request, plaintext and all. */
function refuseLogging(): void {
  if ((process.env["GOOGLE_SDK_NODE_LOGGING"] ?? "") === "") return;
  throw new ServiceError(
    "key_unavailable",
    "GOOGLE_SDK_NODE_LOGGING makes the package of Google Cloud KMS print the root key. Unset it.",
  );
}

function bound(context: string) {
  const additionalAuthenticatedData = Buffer.from(context, "utf8");
  return { additionalAuthenticatedData, additionalAuthenticatedDataCrc32c: checksum(additionalAuthenticatedData) };
}

function checksum(bytes: Uint8Array): { value: number } {
  return { value: crc32c(bytes) };
}

/** Bytes that arrived as they were sent: the root key is stored by them, and a wrong one would be found out too late. */
function intact(
  bytes: Uint8Array | string | null | undefined,
  sum: { value?: unknown } | null | undefined,
): Uint8Array {
  if (!(bytes instanceof Uint8Array) || bytes.length === 0) throw new KeyServiceRefusal("unrecognised", "empty answer");
  if (String(sum?.value) !== String(crc32c(bytes))) throw new KeyServiceRefusal("in_trouble", "checksum");
  return bytes;
}

/** Calls of the package take neither a signal nor, over REST, a deadline; the requests beneath them take a signal. */
async function endWith(client: Client, signal: AbortSignal): Promise<void> {
  const { transporter } = await client.auth.getClient();
  transporter.interceptors.request.add({ resolved: async (request) => ({ ...request, signal }) });
}

/** Codes of google.rpc.Code, their numbers and names. */
const KINDS: readonly [number, string, KeyFailureKind][] = [
  [3, "INVALID_ARGUMENT", "other_key"],
  [5, "NOT_FOUND", "no_such_key"],
  [7, "PERMISSION_DENIED", "not_permitted"],
  [8, "RESOURCE_EXHAUSTED", "in_trouble"],
  [9, "FAILED_PRECONDITION", "no_such_key"],
  [13, "INTERNAL", "in_trouble"],
  [14, "UNAVAILABLE", "in_trouble"],
  [16, "UNAUTHENTICATED", "no_identity"],
];

/**
 * The layers of the package do not agree: the code of an error is a number of google.rpc.Code, or the HTTP status, and then
 * the message is the body, `{"error": {"code": 403, "status": "PERMISSION_DENIED"}}`.
 */
function failureOf(error: unknown): KeyFailure {
  const { name = "", message = "" } = error instanceof Error ? error : {};
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const said = parseJsonObject(message)?.["error"];
  const status = typeof said === "object" && said !== null && "status" in said ? said.status : "";
  const known = KINDS.find(([number, text]) => number === code || text === status);
  if (known) return { kind: known[2], code: known[1] };
  const network = networkCode(error);
  if (network !== null) return { kind: "unreachable", code: network };
  // An OAuth error (RFC 6749 §5.2), or nothing was found to sign in with.
  if (typeof said === "string") return { kind: "no_identity", code: plainCode(said) };
  if (code === "ENOENT" || /credentials|access token/i.test(message))
    return { kind: "no_identity", code: "none found" };
  const troubled = code === 429 || (typeof code === "number" && code >= 500);
  return { kind: troubled ? "in_trouble" : "unrecognised", code: plainCode(code, name) };
}
