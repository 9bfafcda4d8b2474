import type * as Sdk from "@aws-sdk/client-kms";
import type { KeyAddress } from "./key-address.ts";
import type { KeyClient } from "./key-client.ts";
import { KeyServiceRefusal, networkCode, plainCode, type KeyFailure, type KeyFailureKind } from "./key-failure.ts";

type AwsAddress = Extract<KeyAddress, { kind: "aws-kms" }>;

const HINTS = {
  unreachable: "Check the network, and the region: an ARN names it, else AWS_REGION or the profile does.",
  no_identity:
    "Check what the AWS SDK signs in with: a role, a profile or the AWS_ variables, and this machine's clock.",
  not_permitted: "Check that its role has kms:Encrypt and kms:Decrypt on this key, and that the key's policy agrees.",
  no_such_key: "Check the key in the AWS console, and whether the region is the key's own.",
  unsuitable: "It has to be a symmetric key for encryption.",
  other_key:
    "Name the key that was in use when this root key was stored; an alias that was moved names another key now.",
};

/** Symmetric keys of AWS KMS; the context is the encryption context. `settings` is for tests. */
export function createAwsClient(sdk: typeof Sdk, address: AwsAddress, settings: Sdk.KMSClientConfig = {}): KeyClient {
  const { name, key: KeyId, region } = address;

  async function ask<T>(call: (client: Sdk.KMSClient) => Promise<T>): Promise<T> {
    const client = new sdk.KMSClient({ maxAttempts: 1, ...(region === null ? {} : { region }), ...settings });
    try {
      return await call(client);
    } finally {
      client.destroy();
    }
  }

  return {
    name,
    hints: HINTS,
    failureOf,
    encrypt: async (Plaintext, context, abortSignal) => {
      const command = new sdk.EncryptCommand({ KeyId, Plaintext, EncryptionContext: { evergrant: context } });
      const { CiphertextBlob } = await ask((client) => client.send(command, { abortSignal }));
      return present(CiphertextBlob);
    },
    // With the key named: a ciphertext of another key, even of a stranger's, is refused and not opened.
    decrypt: async (CiphertextBlob, context, abortSignal) => {
      const command = new sdk.DecryptCommand({ KeyId, CiphertextBlob, EncryptionContext: { evergrant: context } });
      const { Plaintext } = await ask((client) => client.send(command, { abortSignal }));
      return present(Plaintext);
    },
  };
}

function present(bytes: Uint8Array | undefined): Uint8Array {
  if (bytes && bytes.length > 0) return bytes;
  throw new KeyServiceRefusal("unrecognised", "empty answer");
}

/** Errors of `Encrypt`, `Decrypt`, of every signed request, and of the SDK's search for something to sign with. */
const KINDS = new Map<string, KeyFailureKind>([
  ["AccessDeniedException", "not_permitted"],
  ["CredentialsProviderError", "no_identity"],
  ["TokenProviderError", "no_identity"],
  ["UnrecognizedClientException", "no_identity"],
  ["InvalidClientTokenId", "no_identity"],
  ["ExpiredTokenException", "no_identity"],
  ["InvalidSignatureException", "no_identity"],
  ["IncompleteSignature", "no_identity"],
  ["MissingAuthenticationTokenException", "no_identity"],
  ["NotFoundException", "no_such_key"],
  ["InvalidArnException", "no_such_key"],
  ["DisabledException", "no_such_key"],
  ["KMSInvalidStateException", "no_such_key"],
  ["InvalidKeyUsageException", "unsuitable"],
  ["IncorrectKeyException", "other_key"],
  ["InvalidCiphertextException", "other_key"],
  ["ThrottlingException", "in_trouble"],
  ["LimitExceededException", "in_trouble"],
]);

function failureOf(error: unknown): KeyFailure {
  const { name = "", message = "" } = error instanceof Error ? error : {};
  const kind = KINDS.get(name);
  if (kind) return { kind, code: name };
  if (message === "Region is missing") return { kind: "unreachable", code: "no region" };
  const network = networkCode(error);
  if (network !== null || name === "TimeoutError") return { kind: "unreachable", code: network ?? name };
  const status = statusOf(error);
  return { kind: status === 429 || status >= 500 ? "in_trouble" : "unrecognised", code: plainCode(name || status) };
}

function statusOf(error: unknown): number {
  const metadata = error instanceof Error && "$metadata" in error ? error.$metadata : null;
  const status =
    metadata !== null && typeof metadata === "object" && "httpStatusCode" in metadata ? metadata.httpStatusCode : 0;
  return typeof status === "number" ? status : 0;
}
