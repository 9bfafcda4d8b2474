import { z } from "zod";
import { writeClientCertificate, writeClientKey } from "../client/client-key.ts";
import type { Checked, ClientKeys } from "../client/client-keys.ts";
import type { AuthenticationMethod } from "../oauth/client-authentication.ts";
import { SIGNING_ALGORITHMS } from "../oauth/signing-key.ts";
import { secret, type Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { token } from "./wire.ts";

const pem = z
  .string()
  .max(32_768)
  .regex(/-----BEGIN /, "in PEM");

const signingKey = z
  .strictObject({
    algorithm: z.enum(SIGNING_ALGORITHMS).optional(),
    private_key: pem.describe("Without one, a new pair is made").optional(),
    certificate: pem.describe("For providers that know the key by its certificate").optional(),
  })
  .refine(({ certificate, private_key: key }) => certificate === undefined || key !== undefined, {
    path: ["certificate"],
    message: "needs its private_key",
  });

/** What a client is given to authenticate with: one of them, as its method needs it. */
export const proofFields = {
  client_secret: token.min(1).optional(),
  signing_key: signingKey.describe("For `private_key_jwt`; without it, a new pair for RS256 is made").optional(),
  client_certificate: z
    .strictObject({ certificate: pem, private_key: pem })
    .describe("For `tls_client_auth` and `self_signed_tls_client_auth`")
    .optional(),
};

export type GivenProof = z.infer<z.ZodObject<typeof proofFields>>;

/** What is sealed for the client, and what is not. */
export interface Proof {
  opened: Secret<string>;
  /** See `ClientSecret.shown`. */
  shown: string | null;
  /** When it ends by itself. */
  expiresAt: number | null;
}

/** The field that a method needs. */
const FIELDS: Record<AuthenticationMethod, keyof GivenProof | null> = {
  client_secret_basic: "client_secret",
  client_secret_post: "client_secret",
  private_key_jwt: "signing_key",
  tls_client_auth: "client_certificate",
  self_signed_tls_client_auth: "client_certificate",
  none: null,
};

/** Null where the method needs nothing. Throws `invalid_request` for what does not fit it. */
export async function readProof(
  keys: ClientKeys,
  method: AuthenticationMethod,
  given: GivenProof,
): Promise<Proof | null> {
  const needed = FIELDS[method];
  for (const field of ["client_secret", "signing_key", "client_certificate"] as const) {
    if (given[field] !== undefined && field !== needed) throw unfit(field, method);
  }
  if (needed === null) return null;
  const { client_secret: word, signing_key: key, client_certificate: certificate } = given;
  if (word !== undefined) return { opened: secret(word), shown: null, expiresAt: null };
  if (needed === "signing_key") return sealable(await signingKeyOf(keys, key ?? {}), writeClientKey);
  if (certificate === undefined) throw new ServiceError("invalid_request", `${needed}: needed for ${method}.`);
  const { certificate: chain, private_key: privateKey } = certificate;
  return sealable(
    keys.checkCertificate({ certificate: chain, privateKey: secret(privateKey) }),
    writeClientCertificate,
  );
}

function signingKeyOf(keys: ClientKeys, { algorithm, private_key: key, certificate }: z.infer<typeof signingKey>) {
  if (key === undefined) return keys.create(algorithm ?? "RS256");
  return keys.check({ algorithm, privateKey: secret(key), certificate: certificate ?? null });
}

function sealable<T>({ value, shown, expiresAt }: Checked<T>, write: (value: T) => Secret<string>): Proof {
  return { opened: write(value), shown, expiresAt };
}

function unfit(field: string, method: AuthenticationMethod): ServiceError {
  const has = method === "none" ? "has no secret" : `has another field for it, \`${FIELDS[method]}\``;
  return new ServiceError("invalid_request", `${field}: a client that authenticates with \`${method}\` ${has}.`);
}
