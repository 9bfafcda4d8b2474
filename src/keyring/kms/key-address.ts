import { isUrl } from "../../runtime/is-url.ts";
import { ServiceError } from "../../runtime/service-error.ts";

/** Which key at which service. */
export type KeyAddress =
  | { kind: "aws-kms"; name: string; key: string; region: string | null }
  | { kind: "google-kms"; name: string; key: string }
  | { kind: "azure-kms"; name: string; origin: string; key: string; version: string | null }
  | { kind: "transit"; name: string; origin: string; host: string; mount: string; key: string };

const LONGEST = 1024;

/** Throws `invalid_request` with a sentence that does not quote the address: it may be a key that was put in the wrong place. */
export function parseKeyAddress(text: string): KeyAddress {
  const name = text.trim();
  const [, kind, rest = ""] = /^([a-z-]{1,20}):(.*)$/.exec(name.slice(0, LONGEST)) ?? [];
  if (name.length > LONGEST) throw refusal(`has at most ${LONGEST} characters`);
  switch (kind) {
    case "aws-kms":
      return awsAddress(name, rest);
    case "google-kms":
      return googleAddress(name, rest);
    case "azure-kms":
      return azureAddress(name, rest);
    case "transit":
      return transitAddress(name, rest);
    case undefined:
    default:
      throw refusal("starts with aws-kms:, google-kms:, azure-kms: or transit:");
  }
}

const AWS_KEY = String.raw`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}`;
const AWS_ALIAS = String.raw`alias/[\w/-]{1,250}`;
const AWS = new RegExp(
  String.raw`^(?:${AWS_KEY}|${AWS_ALIAS}|arn:aws[a-z-]*:kms:([a-z0-9-]{1,40}):\d{12}:(?:key/(?:${AWS_KEY})|${AWS_ALIAS}))$`,
);

function awsAddress(name: string, key: string): KeyAddress {
  const match = AWS.exec(key);
  if (match) return { kind: "aws-kms", name, key, region: match[1] ?? null };
  throw refusal("of AWS KMS is aws-kms: and a key id, an alias such as alias/evergrant, or the ARN of either");
}

const GOOGLE = /^projects\/[\w.:-]{1,100}\/locations\/[\w-]{1,63}\/keyRings\/[\w-]{1,63}\/cryptoKeys\/[\w-]{1,63}$/;

function googleAddress(name: string, key: string): KeyAddress {
  if (GOOGLE.test(key)) return { kind: "google-kms", name, key };
  throw refusal(
    "of Google Cloud KMS is google-kms:projects/<project>/locations/<location>/keyRings/<ring>/cryptoKeys/<key>, without a version: Google finds that by itself",
  );
}

function azureAddress(name: string, rest: string): KeyAddress {
  const url = plainUrl(rest);
  const [, key, version] =
    /^\/keys\/([0-9A-Za-z-]{1,127})(?:\/([0-9A-Za-z]{1,64}))?\/?$/.exec(url?.pathname ?? "") ?? [];
  if (url?.protocol === "https:" && key !== undefined) {
    return { kind: "azure-kms", name, origin: url.origin, key, version: version ?? null };
  }
  throw refusal("of Azure Key Vault is azure-kms:https://<name>.vault.azure.net/keys/<key>, with or without a version");
}

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

function transitAddress(name: string, rest: string): KeyAddress {
  const url = plainUrl(rest);
  const [, mount, key] = /^\/v1\/((?:[\w-][\w.-]*\/)*[\w-][\w.-]*)\/([\w-][\w.-]*)$/.exec(url?.pathname ?? "") ?? [];
  if (url && mount !== undefined && key !== undefined) {
    if (url.protocol === "http:" && !LOOPBACK.has(url.hostname)) {
      throw refusal("of a Transit engine is an https URL: without TLS the root key could be read on its way");
    }
    return { kind: "transit", name, origin: url.origin, host: url.hostname.replace(/^\[|\]$/g, ""), mount, key };
  }
  throw refusal(
    "of a Transit engine is transit:https://<host>/v1/<mount>/<key>, such as transit:https://vault.example/v1/transit/evergrant",
  );
}

/** A URL of an address and a path, and nothing more: what else there may be in one could hold a secret. */
function plainUrl(text: string): URL | null {
  const url = isUrl(text) ? new URL(text) : null;
  const plain = url && /^https?:$/.test(url.protocol) && url.username + url.password + url.search + url.hash === "";
  return plain ? url : null;
}

function refusal(what: string): ServiceError {
  return new ServiceError("invalid_request", `The address of a key ${what}.`);
}
