import { join, resolve } from "node:path";
import { z } from "zod";
import type { TransitAccess } from "../keyring/kms/transit-access.ts";
import { parseBlock, type AddressBlock } from "../access/address-block.ts";
import { isUrl } from "../runtime/is-url.ts";
import { secret, type Secret } from "../runtime/secret.ts";
import { mailSettings, readMailSettings, type MailSettings } from "./mail-settings.ts";
import { operatorSettings, operatorSignIn, type OperatorSignInSettings } from "./operator-sign-in-settings.ts";
import { StartError } from "./start-error.ts";

/** Everything that can be set, from the environment, validated once. */
export interface Settings {
  database: DatabaseLocation;
  dataDir: string;
  rootKey: RootKeySource;
  /** Root keys that only open what they wrapped before: files, and keys of key services. */
  oldRootKeys: OldRootKeySource[];
  transit: TransitAccess;
  adminKey: Secret<string> | null;
  /** Null where operators have API keys alone. */
  operatorSignIn: OperatorSignInSettings | null;
  /** Null where nobody is written. */
  mail: MailSettings | null;
  publicUrl: string;
  host: string;
  port: number;
  allowedPrivateHosts: string[];
  /** Proxies whose `X-Forwarded-For` is believed. */
  trustedProxies: AddressBlock[];
  /** Requests a second of an API key that has no limit of its own. */
  rateLimit: number;
  /** Sealed values a second that are sealed anew after the rotation of a tenant's key. */
  rekeyRate: number;
  logLevel: "trace" | "debug" | "info" | "warn" | "error" | "silent";
}

/** The URL of a PostgreSQL database may hold a password. */
export type DatabaseLocation = { kind: "sqlite"; path: string } | { kind: "postgres"; url: Secret<string> };

/** `generated`: the file in the data directory, made at the first start with a new SQLite database. */
export type RootKeySource =
  | { kind: "value"; text: Secret<string> }
  | { kind: "file"; path: string }
  | { kind: "command"; command: string }
  | { kind: "service"; address: string }
  | { kind: "generated"; path: string };

export type OldRootKeySource = Extract<RootKeySource, { kind: "file" | "service" }>;

const empty = (value: unknown): unknown => (value === "" ? undefined : value);
const optionalText = z.preprocess(empty, z.string().optional());

const RATE_LIMIT = "has to be a whole number of requests a second, from 1 to 1000000";

const REKEY_RATE = "has to be a whole number of sealed values a second, from 1 to 1000000";

const schema = z.object({
  EVERGRANT_DATABASE_URL: optionalText,
  EVERGRANT_DATA_DIR: z.preprocess(empty, z.string().default("./data")),
  EVERGRANT_ROOT_KEY: optionalText,
  EVERGRANT_ROOT_KEY_FILE: optionalText,
  EVERGRANT_ROOT_KEY_COMMAND: optionalText,
  EVERGRANT_ROOT_KEY_SERVICE: optionalText,
  EVERGRANT_OLD_ROOT_KEY_FILES: optionalText,
  EVERGRANT_OLD_ROOT_KEY_SERVICES: optionalText,
  EVERGRANT_TRANSIT_TOKEN: optionalText,
  EVERGRANT_TRANSIT_TOKEN_FILE: optionalText,
  EVERGRANT_TRANSIT_NAMESPACE: optionalText,
  EVERGRANT_ADMIN_KEY: optionalText,
  ...operatorSettings,
  ...mailSettings,
  EVERGRANT_PUBLIC_URL: z.preprocess(
    empty,
    z.url({ protocol: /^https?$/, error: "has to be an http or https URL" }).optional(),
  ),
  EVERGRANT_HOST: z.preprocess(empty, z.string().default("127.0.0.1")),
  EVERGRANT_PORT: z.preprocess(
    empty,
    z.coerce.number("has to be a port number").int("has to be a port number").min(0).max(65_535).default(4100),
  ),
  EVERGRANT_ALLOWED_PRIVATE_HOSTS: optionalText,
  EVERGRANT_TRUSTED_PROXIES: optionalText,
  EVERGRANT_RATE_LIMIT: z.preprocess(
    empty,
    z.coerce.number(RATE_LIMIT).int(RATE_LIMIT).min(1, RATE_LIMIT).max(1_000_000, RATE_LIMIT).default(1000),
  ),
  EVERGRANT_REKEY_RATE: z.preprocess(
    empty,
    z.coerce.number(REKEY_RATE).int(REKEY_RATE).min(1, REKEY_RATE).max(1_000_000, REKEY_RATE).default(2000),
  ),
  EVERGRANT_LOG_LEVEL: z.preprocess(
    empty,
    z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info"),
  ),
});

type Environment = z.infer<typeof schema>;

/** Names of all settings, for `evergrant doctor` and the test that holds the documentation to them. */
export const SETTING_NAMES = Object.keys(schema.shape);

/** Throws `StartError` that names the setting, never its value. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const unknown = Object.keys(environment).find((key) => key.startsWith("EVERGRANT_") && !isKnown(key));
  if (unknown !== undefined) throw new StartError("settings", `${unknown} is not a setting. Check its spelling.`);
  const result = schema.safeParse(environment);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new StartError("settings", `${String(issue?.path[0])}: ${issue?.message ?? "is not valid"}.`);
  }
  checkProxy(environment);
  const env = result.data;
  const dataDir = resolve(env.EVERGRANT_DATA_DIR);
  const database = databaseLocation(env.EVERGRANT_DATABASE_URL, dataDir);
  if (env.EVERGRANT_PORT === 0 && env.EVERGRANT_PUBLIC_URL === undefined) {
    throw new StartError(
      "settings",
      "EVERGRANT_PORT=0 takes any free port, so EVERGRANT_PUBLIC_URL has to say the address.",
    );
  }
  const publicUrl = env.EVERGRANT_PUBLIC_URL ?? `http://${hostInUrl(env.EVERGRANT_HOST)}:${env.EVERGRANT_PORT}`;
  const allowedPrivateHosts = listOf(env.EVERGRANT_ALLOWED_PRIVATE_HOSTS, /[\s,[\]]+/);
  return {
    database,
    dataDir,
    rootKey: rootKeySource(env, { dataDir, database }),
    oldRootKeys: oldRootKeys(env),
    transit: transitAccess(env),
    adminKey: env.EVERGRANT_ADMIN_KEY === undefined ? null : secret(env.EVERGRANT_ADMIN_KEY),
    operatorSignIn: operatorSignIn(env),
    mail: readMailSettings(env, allowedPrivateHosts),
    publicUrl: publicUrl.replace(/\/+$/, ""),
    host: env.EVERGRANT_HOST,
    port: env.EVERGRANT_PORT,
    allowedPrivateHosts,
    trustedProxies: listOf(env.EVERGRANT_TRUSTED_PROXIES, /[\s,]+/).map(proxyBlock),
    rateLimit: env.EVERGRANT_RATE_LIMIT,
    rekeyRate: env.EVERGRANT_REKEY_RATE,
    logLevel: env.EVERGRANT_LOG_LEVEL,
  };
}

function proxyBlock(text: string): AddressBlock {
  const block = parseBlock(text);
  if (block) return block;
  throw new StartError(
    "settings",
    "EVERGRANT_TRUSTED_PROXIES: has to be addresses or blocks of them, such as 10.0.0.5 or 10.0.0.0/8, separated by commas.",
  );
}

/** Names that tools have in common; the first that is set holds, see `proxy-from-env`. */
const PROXIES = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

function checkProxy(environment: Readonly<Record<string, string | undefined>>): void {
  const name = PROXIES.find((each) => (environment[each] ?? "") !== "");
  const value = name === undefined ? "" : (environment[name] ?? "");
  if (name === undefined || (isUrl(value) && /^https?:\/\/./i.test(value))) return;
  throw new StartError("settings", `${name}: has to be the URL of an HTTP proxy, such as http://proxy.example:3128.`);
}

/** Settings of the command-line client share the prefix. */
export const CLIENT_SETTINGS: ReadonlySet<string> = new Set([
  "EVERGRANT_URL",
  "EVERGRANT_API_KEY",
  "EVERGRANT_API_KEY_FILE",
]);

function isKnown(key: string): boolean {
  // Kubernetes announces a service named "evergrant" to its neighbours with variables of these names.
  return key in schema.shape || CLIENT_SETTINGS.has(key) || /^EVERGRANT_(SERVICE|PORT)_/.test(key);
}

function databaseLocation(url: string | undefined, dataDir: string): DatabaseLocation {
  if (url === undefined) return { kind: "sqlite", path: join(dataDir, "evergrant.db") };
  if (/^postgres(ql)?:/.test(url)) return postgresLocation(url);
  const path = /^sqlite:(?!\/\/)(.+)$/.exec(url)?.[1];
  if (path !== undefined) return { kind: "sqlite", path: resolve(path) };
  throw new StartError(
    "settings",
    "EVERGRANT_DATABASE_URL: has to be sqlite: and a path, such as sqlite:./data/evergrant.db, or the postgres:// URL of a database.",
  );
}

function postgresLocation(url: string): DatabaseLocation {
  if (isUrl(url) && /^\w+:\/\/[^/]*\/[^/?]+/.test(url)) return { kind: "postgres", url: secret(url) };
  throw new StartError(
    "settings",
    "EVERGRANT_DATABASE_URL: has to be like postgres://user:password@host:5432/database, with special characters percent-encoded.",
  );
}

function listOf(text: string | undefined, separator: RegExp): string[] {
  return (text ?? "").split(separator).filter((part) => part !== "");
}

const COMMA = /\s*,\s*/;

function oldRootKeys(env: Environment): OldRootKeySource[] {
  const files = listOf(env.EVERGRANT_OLD_ROOT_KEY_FILES, COMMA);
  const services = listOf(env.EVERGRANT_OLD_ROOT_KEY_SERVICES, COMMA);
  return [
    ...files.map((path) => ({ kind: "file", path: resolve(path) }) as const),
    ...services.map((address) => ({ kind: "service", address }) as const),
  ];
}

function transitAccess(env: Environment): TransitAccess {
  const { EVERGRANT_TRANSIT_TOKEN: text, EVERGRANT_TRANSIT_TOKEN_FILE: path } = env;
  if (text !== undefined && path !== undefined) {
    throw new StartError(
      "settings",
      "EVERGRANT_TRANSIT_TOKEN and EVERGRANT_TRANSIT_TOKEN_FILE are both set. Keep one of them.",
    );
  }
  const file = path === undefined ? null : ({ kind: "file", path: resolve(path) } as const);
  const token = text === undefined ? file : ({ kind: "value", text: secret(text) } as const);
  return { token, namespace: env.EVERGRANT_TRANSIT_NAMESPACE ?? null };
}

const ROOT_KEY_SETTINGS = [
  "EVERGRANT_ROOT_KEY",
  "EVERGRANT_ROOT_KEY_FILE",
  "EVERGRANT_ROOT_KEY_COMMAND",
  "EVERGRANT_ROOT_KEY_SERVICE",
] as const;

function rootKeySource(env: Environment, { dataDir, database }: Pick<Settings, "dataDir" | "database">): RootKeySource {
  const given = ROOT_KEY_SETTINGS.filter((name) => env[name] !== undefined);
  if (given.length > 1) {
    throw new StartError("settings", `${given.join(" and ")} are both set. Keep one of them.`);
  }
  const { EVERGRANT_ROOT_KEY: text, EVERGRANT_ROOT_KEY_FILE: file, EVERGRANT_ROOT_KEY_COMMAND: command } = env;
  if (text !== undefined) return { kind: "value", text: secret(text) };
  if (file !== undefined) return { kind: "file", path: resolve(file) };
  if (command !== undefined) return { kind: "command", command };
  if (env.EVERGRANT_ROOT_KEY_SERVICE !== undefined) {
    return { kind: "service", address: env.EVERGRANT_ROOT_KEY_SERVICE };
  }
  // A PostgreSQL database outlives this folder, and processes elsewhere need the key as well: none is made in passing.
  const kind = database.kind === "sqlite" ? "generated" : "file";
  return { kind, path: join(dataDir, "root.key") };
}

function hostInUrl(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "localhost";
  return host.includes(":") ? `[${host}]` : host;
}
