import { z } from "zod";
import { isUrl } from "../runtime/is-url.ts";

/**
 * A host that access tokens may be sent to: `api.example.com`, `*.example.com` for those below it, with a port where it is not
 * HTTPS's own, and with `http://` where there is no TLS. What the network allows is looked at when something is sent.
 */
export interface ApiHost {
  scheme: "https" | "http";
  /** Hosts below `name`, and not `name` itself. */
  isSuffix: boolean;
  name: string;
  port: number;
}

/** A host as somebody names it who calls; without a port: the one of the scheme. */
export interface NamedHost {
  name: string;
  port: number | null;
}

const NAME = String.raw`(?:[a-z0-9_-]+\.)*[a-z0-9_-]+|\[[0-9a-f:.]+\]`;
const HOST = new RegExp(`^(http://)?(\\*\\.)?(${NAME})(?::(\\d{1,5}))?$`);
const NAMED = new RegExp(`^(${NAME})(?::(\\d{1,5}))?$`);
const PLACEHOLDER = /\{([\w.]+)\}/g;

const DEFAULT_PORT = { https: 443, http: 80 } as const;

/** In a provider's entry `{name}` stands for a parameter, or for what the token answer says in that one of `answer_fields`. */
export const apiHostPattern = z
  .string()
  .max(300)
  .refine((text) => {
    if (text.startsWith("*.") && text.includes("{")) return false;
    return readApiHost(text.replaceAll(PLACEHOLDER, "x")) !== null;
  }, "a host name such as api.example.com, or *.example.com for those below it");

/** What a client adds: one host each. */
export const exactHost = z
  .string()
  .max(300)
  .refine(
    (text) => readApiHost(text)?.isSuffix === false,
    "a host name such as api.example.com, with a port if need be",
  );

/** Null for what is none. */
export function readApiHost(text: string): ApiHost | null {
  const [, plain, star, name, digits] = HOST.exec(text.toLowerCase()) ?? [];
  if (name === undefined || (star !== undefined && !name.includes("."))) return null;
  const scheme = plain === undefined ? "https" : "http";
  const port = digits === undefined ? DEFAULT_PORT[scheme] : Number(digits);
  return port > 65_535 ? null : { scheme, isSuffix: star !== undefined, name, port };
}

/** Null for what names no host, or more than one. */
export function readNamedHost(text: string): NamedHost | null {
  const [, name, digits] = NAMED.exec(text.toLowerCase()) ?? [];
  if (name === undefined) return null;
  const port = digits === undefined ? null : Number(digits);
  return port !== null && port > 65_535 ? null : { name, port };
}

/** The hosts that `patterns` mean; those that are named by a field which the token answer did not have are none. */
export function apiHosts(patterns: readonly string[], answerFields: Readonly<Record<string, string>>): ApiHost[] {
  return patterns
    .map((pattern) => readApiHost(pattern.replaceAll(PLACEHOLDER, (_, name: string) => hostIn(answerFields[name]))))
    .filter((host) => host !== null);
}

/** A field may hold the URL of the API, its host, or a part of that. Anything else becomes no host. */
function hostIn(value = ""): string {
  if (!isUrl(value) || !value.includes("://")) return NAMED.test(value.toLowerCase()) ? value : "?";
  const { protocol, host } = new URL(value);
  return protocol === "http:" ? `http://${host}` : host;
}

/** Where a request to `named` goes: the origin of its URL; null when none of `hosts` is meant. */
export function originOf(hosts: readonly ApiHost[], named: NamedHost): string | null {
  const host = hosts.find((each) => isMeant(each, named));
  if (!host) return null;
  const port = host.port === DEFAULT_PORT[host.scheme] ? "" : `:${host.port}`;
  return `${host.scheme}://${named.name}${port}`;
}

function isMeant({ scheme, isSuffix, name, port }: ApiHost, named: NamedHost): boolean {
  if ((named.port ?? DEFAULT_PORT[scheme]) !== port) return false;
  return isSuffix ? named.name.endsWith(`.${name}`) : named.name === name;
}
