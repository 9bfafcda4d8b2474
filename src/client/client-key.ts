import { z } from "zod";
import { SIGNING_ALGORITHMS, type SigningKey } from "../oauth/signing-key.ts";
import type { ClientCertificate } from "../oauth/http.ts";
import { secret, type Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";

/** What a `private_key_jwt` client has in the place of a secret. */
export interface ClientKey extends SigningKey {
  /** `x5t#S256` (RFC 7515 §4.1.8), for servers that know the key by its certificate. */
  certificateThumbprint: string | null;
}

const keySchema = z.strictObject({
  algorithm: z.enum(SIGNING_ALGORITHMS),
  keyId: z.string(),
  privateJwk: z.string(),
  certificateThumbprint: z.string().nullable(),
});

const certificateSchema = z.strictObject({ certificate: z.string(), privateKey: z.string() });

/** As it is sealed, where the secret of another client would be. */
export function writeClientKey({ privateJwk, ...shown }: ClientKey): Secret<string> {
  return secret(JSON.stringify({ ...shown, privateJwk: privateJwk.reveal() } satisfies z.infer<typeof keySchema>));
}

export function readClientKey(opened: Secret<string>): ClientKey {
  const { privateJwk, ...shown } = read(keySchema, opened);
  return { ...shown, privateJwk: secret(privateJwk) };
}

/** As it is sealed, where the secret of another client would be. */
export function writeClientCertificate({ certificate, privateKey }: ClientCertificate): Secret<string> {
  return secret(JSON.stringify({ certificate, privateKey: privateKey.reveal() }));
}

export function readClientCertificate(opened: Secret<string>): ClientCertificate {
  const { certificate, privateKey } = read(certificateSchema, opened);
  return { certificate, privateKey: secret(privateKey) };
}

const published = z.looseObject({ kid: z.string(), alg: z.string() });

/** The JSON Web Key in what a secret shows; null where it shows none. */
export function publishedKey(shown: string | null): z.infer<typeof published> | null {
  return shown?.startsWith("{") ? published.parse(JSON.parse(shown)) : null;
}

function read<T>(schema: z.ZodType<T>, opened: Secret<string>): T {
  try {
    return schema.parse(JSON.parse(opened.reveal()));
  } catch {
    // Neither error may show what was read.
    throw new ServiceError("internal", "What the client authenticates with is not what its method needs.");
  }
}
