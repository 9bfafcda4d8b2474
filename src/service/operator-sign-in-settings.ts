import { resolve } from "node:path";
import { z } from "zod";
import { parseAllowedOperator, type AllowedOperator } from "../access/operator.ts";
import { isUrl } from "../runtime/is-url.ts";
import { secret, type Secret } from "../runtime/secret.ts";
import { StartError } from "./start-error.ts";

/** Where people sign in as operators, and who may. */
export interface OperatorSignInSettings {
  issuer: string;
  clientId: string;
  /** Null for a client without one. */
  clientSecret: OperatorClientSecret | null;
  allowed: AllowedOperator[];
}

export type OperatorClientSecret = { kind: "value"; text: Secret<string> } | { kind: "file"; path: string };

const optionalText = z.preprocess((value) => (value === "" ? undefined : value), z.string().optional());

export const operatorSettings = {
  EVERGRANT_OPERATOR_ISSUER: optionalText,
  EVERGRANT_OPERATOR_CLIENT_ID: optionalText,
  EVERGRANT_OPERATOR_CLIENT_SECRET: optionalText,
  EVERGRANT_OPERATOR_CLIENT_SECRET_FILE: optionalText,
  EVERGRANT_OPERATOR_ALLOWED: optionalText,
};

type OperatorEnvironment = { [name in keyof typeof operatorSettings]?: string | undefined };

/** Null where none of them is set. Throws `StartError` where only some are, or one is not valid. */
export function operatorSignIn(env: OperatorEnvironment): OperatorSignInSettings | null {
  const names = Object.keys(operatorSettings).filter((name) => Reflect.get(env, name) !== undefined);
  if (names.length === 0) return null;
  const {
    EVERGRANT_OPERATOR_ISSUER: issuer,
    EVERGRANT_OPERATOR_CLIENT_ID: clientId,
    EVERGRANT_OPERATOR_ALLOWED: allowed,
  } = env;
  if (issuer === undefined) throw missing("EVERGRANT_OPERATOR_ISSUER");
  if (clientId === undefined) throw missing("EVERGRANT_OPERATOR_CLIENT_ID");
  if (allowed === undefined) throw missing("EVERGRANT_OPERATOR_ALLOWED");
  if (!isIssuer(issuer)) {
    throw new StartError("settings", "EVERGRANT_OPERATOR_ISSUER: has to be an http or https URL without a query.");
  }
  return { issuer, clientId, clientSecret: clientSecret(env), allowed: allowedOperators(allowed) };
}

function missing(name: string): StartError {
  return new StartError(
    "settings",
    `${name} is missing. EVERGRANT_OPERATOR_ISSUER, EVERGRANT_OPERATOR_CLIENT_ID and EVERGRANT_OPERATOR_ALLOWED are set together, or none of EVERGRANT_OPERATOR_… is.`,
  );
}

/** RFC 8414 §2. */
function isIssuer(text: string): boolean {
  const url = isUrl(text) ? new URL(text) : null;
  return url !== null && /^https?:$/.test(url.protocol) && !/[?#@\s]/.test(text);
}

function clientSecret(env: OperatorEnvironment): OperatorClientSecret | null {
  const { EVERGRANT_OPERATOR_CLIENT_SECRET: text, EVERGRANT_OPERATOR_CLIENT_SECRET_FILE: path } = env;
  if (text !== undefined && path !== undefined) {
    throw new StartError(
      "settings",
      "EVERGRANT_OPERATOR_CLIENT_SECRET and EVERGRANT_OPERATOR_CLIENT_SECRET_FILE are both set. Keep one of them.",
    );
  }
  if (text !== undefined) return { kind: "value", text: secret(text) };
  return path === undefined ? null : { kind: "file", path: resolve(path) };
}

function allowedOperators(text: string): AllowedOperator[] {
  const entries = text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  const allowed = entries.map(parseAllowedOperator).filter((entry) => entry !== null);
  if (allowed.length > 0 && allowed.length === entries.length) return allowed;
  throw new StartError(
    "settings",
    "EVERGRANT_OPERATOR_ALLOWED: has to be e-mail addresses, domain:example.com or group:name, separated by commas, each alone or followed by =viewer, =operator or =admin.",
  );
}
