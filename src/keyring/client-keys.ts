import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";
import type { ClientKey } from "../client/client-key.ts";
import type { Checked, ClientKeys, GivenKey } from "../client/client-keys.ts";
import type { ClientCertificate } from "../oauth/http.ts";
import { publicJwkOf, type SigningAlgorithm } from "../oauth/signing-key.ts";
import { secret, type Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";

/** NIST SP 800-57 part 1, table 2: good after 2030. */
const RSA_BITS = 3072;
const FEWEST_RSA_BITS = 2048;

export const clientKeys: ClientKeys = {
  create: async (algorithm) => {
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true, modulusLength: RSA_BITS });
    return signingKey(algorithm, JSON.stringify(await exportJWK(privateKey)), null);
  },

  check: ({ algorithm, privateKey, certificate }: GivenKey) => {
    const key = readPrivateKey("signing_key.private_key", privateKey);
    const read = certificate === null ? null : readCertificate("signing_key.certificate", certificate, key);
    return signingKey(algorithmFor(key, algorithm), JSON.stringify(key.export({ format: "jwk" })), read);
  },

  checkCertificate: ({ certificate, privateKey }): Checked<ClientCertificate> => {
    const key = readPrivateKey("client_certificate.private_key", privateKey);
    const read = readCertificate("client_certificate.certificate", certificate, key);
    const chain = certificatesIn(certificate);
    return { value: { certificate: chain, privateKey }, shown: chain, expiresAt: endOf(read) };
  },
};

/** Named by its thumbprint (RFC 7638), so that no two keys of a client have one name. */
async function signingKey(
  algorithm: SigningAlgorithm,
  jwk: string,
  certificate: X509Certificate | null,
): Promise<Checked<ClientKey>> {
  const keyId = await calculateJwkThumbprint(JSON.parse(jwk), "sha256");
  const certificateThumbprint = certificate && thumbprintOf(certificate);
  const value = { algorithm, keyId, privateJwk: secret(jwk), certificateThumbprint };
  const shown = { ...publicJwkOf(value), ...(certificateThumbprint && { "x5t#S256": certificateThumbprint }) };
  return { value, shown: JSON.stringify(shown), expiresAt: certificate && endOf(certificate) };
}

function endOf({ validTo }: X509Certificate): number {
  return Date.parse(validTo);
}

function thumbprintOf(certificate: X509Certificate): string {
  return Buffer.from(certificate.fingerprint256.replaceAll(":", ""), "hex").toString("base64url");
}

function readPrivateKey(field: string, pem: Secret<string>): KeyObject {
  try {
    return createPrivateKey(pem.reveal());
  } catch {
    throw invalid(field, "is not a private key in PEM without a password");
  }
}

function readCertificate(field: string, pem: string, key: KeyObject): X509Certificate {
  const certificate = parseCertificate(field, pem);
  if (!certificate.checkPrivateKey(key)) throw invalid(field, "belongs to another private key");
  return certificate;
}

/** Files often hold the private key beside the certificates (RFC 7468 §2): whatever is no certificate is not to be shown. */
function certificatesIn(pem: string): string {
  return (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [])
    .map((one) => `${one}\n`)
    .join("");
}

function parseCertificate(field: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(certificatesIn(pem));
  } catch {
    throw invalid(field, "is not a certificate in PEM");
  }
}

/** RFC 7518 §3.3–§3.5, RFC 8037 §3.1: which algorithm a key is for. */
function algorithmFor(key: KeyObject, wanted: SigningAlgorithm | undefined): SigningAlgorithm {
  const [first, ...others] = algorithmsOf(key);
  if (first === undefined) {
    throw invalid("signing_key.private_key", `must be RSA with ${FEWEST_RSA_BITS} bits, EC on P-256, or Ed25519`);
  }
  if (wanted === undefined || wanted === first) return first;
  if (others.includes(wanted)) return wanted;
  throw invalid("signing_key.algorithm", `the key is for ${[first, ...others].join(" or ")}`);
}

function algorithmsOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): SigningAlgorithm[] {
  if (type === "rsa") return (details?.modulusLength ?? 0) < FEWEST_RSA_BITS ? [] : ["RS256", "PS256"];
  if (type === "ec") return details?.namedCurve === "prime256v1" ? ["ES256"] : [];
  return type === "ed25519" ? ["EdDSA"] : [];
}

function invalid(field: string, problem: string): ServiceError {
  return new ServiceError("invalid_request", `${field}: ${problem}.`);
}
