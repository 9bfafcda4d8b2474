import type * as Identity from "@azure/identity";
import type * as Sdk from "@azure/keyvault-keys";
import type { KeyAddress } from "./key-address.ts";
import type { KeyClient } from "./key-client.ts";
import { KeyServiceRefusal, networkCode, plainCode, type KeyFailure, type KeyFailureKind } from "./key-failure.ts";

type AzureAddress = Extract<KeyAddress, { kind: "azure-kms" }>;
type TokenCredential = Identity.TokenCredential;

const ALGORITHM = "RSA-OAEP-256";

const HINTS = {
  unreachable: "Check the name of the key vault and the network: its firewall may ask for a private endpoint.",
  no_identity:
    "Check the managed identity of this machine or workload, or AZURE_TENANT_ID, AZURE_CLIENT_ID and what goes with them.",
  not_permitted:
    "Check that its identity has the role Key Vault Crypto Service Encryption User on this key: get, wrap and unwrap.",
  no_such_key: "Check that the key exists, is enabled and may wrap and unwrap, the version that was used too.",
  unsuitable: "It has to be an RSA key of at least 2,048 bits.",
  other_key: "Name the key that was in use when this root key was stored.",
};

/**
 * RSA keys of Azure Key Vault, which knows no context. What is stored is the version of the key, as its length in one byte
 * and its text, and then the ciphertext: a key that was rotated opens with the version that it was wrapped with.
 */
export function createAzureClient(
  sdk: typeof Sdk,
  identity: TokenCredential,
  address: AzureAddress,
  settings: Sdk.KeyClientOptions = {},
): KeyClient {
  const { name, origin, key } = address;
  // Objects for one request each: after a failed challenge the authentication of these packages stays half-way.
  const options = (): Sdk.KeyClientOptions => ({ retryOptions: { maxRetries: 0 }, ...settings });

  async function newestVersion(abortSignal: AbortSignal): Promise<string> {
    const { properties } = await new sdk.KeyClient(origin, identity, options()).getKey(key, { abortSignal });
    return properties.version ?? "";
  }

  /** Given a key that says nothing but its name, the package leaves all judgement to the service and asks for nothing more. */
  function keyAt(version: string): Sdk.CryptographyClient {
    const id = `${origin}/keys/${key}/${version}`;
    return new sdk.CryptographyClient(
      { name: key, id, properties: { name: key, vaultUrl: origin } },
      identity,
      options(),
    );
  }

  return {
    name,
    hints: HINTS,
    failureOf,
    encrypt: async (plaintext, _context, abortSignal) => {
      const version = address.version ?? (await newestVersion(abortSignal));
      if (!VERSION.test(version)) throw new KeyServiceRefusal("unrecognised", "no version");
      const { result } = await keyAt(version).wrapKey(ALGORITHM, plaintext, { abortSignal });
      return withVersion(version, present(result));
    },
    decrypt: async (stored, _context, abortSignal) => {
      const { version, ciphertext } = versionOf(stored);
      const { result } = await keyAt(version).unwrapKey(ALGORITHM, ciphertext, { abortSignal });
      return present(result);
    },
  };
}

const VERSION = /^[0-9A-Za-z]{1,64}$/;

function withVersion(version: string, ciphertext: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([version.length]), Buffer.from(version, "latin1"), ciphertext]);
}

function versionOf(stored: Uint8Array): { version: string; ciphertext: Uint8Array } {
  const end = 1 + (stored[0] ?? 0);
  const version = Buffer.from(stored.subarray(1, end)).toString("latin1");
  if (!VERSION.test(version) || stored.length <= end) throw new KeyServiceRefusal("other_key", "no version");
  return { version, ciphertext: stored.subarray(end) };
}

function present(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes && bytes.length > 0) return bytes;
  throw new KeyServiceRefusal("unrecognised", "empty answer");
}

const IDENTITY_ERRORS = /^(CredentialUnavailable|Authentication|AggregateAuthentication|AuthenticationRequired)Error$/;

const STATUSES = new Map<number, KeyFailureKind>([
  [400, "other_key"],
  [401, "no_identity"],
  [403, "not_permitted"],
  [404, "no_such_key"],
  [429, "in_trouble"],
]);

function failureOf(error: unknown): KeyFailure {
  const { name = "" } = error instanceof Error ? error : {};
  if (IDENTITY_ERRORS.test(name)) return { kind: "no_identity", code: name };
  const network = networkCode(error);
  if (network !== null) return { kind: "unreachable", code: network };
  const { status, code } = answerOf(error);
  if (/KeyDisabled|KeyNotYetValid|KeyExpired|OperationNotAllowed/.test(code)) return { kind: "no_such_key", code };
  const kind = STATUSES.get(status) ?? (status >= 500 ? "in_trouble" : "unrecognised");
  return { kind, code: plainCode(code, status || undefined, name) };
}

/** Status and innermost code of a refusal: `{"error": {"code": "Forbidden", "innererror": {"code": "KeyDisabled"}}}`. */
function answerOf(error: unknown): { status: number; code: string } {
  const status = field(error, "statusCode");
  const outer = field(field(error, "details"), "error");
  const code = field(field(outer, "innerError"), "code") ?? field(outer, "code") ?? field(error, "code");
  return { status: typeof status === "number" ? status : 0, code: typeof code === "string" ? code : "" };
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
