import { parameterProblem, type ProviderParameter } from "./provider-parameter.ts";
import type { Provider } from "./provider.ts";

/** What a client says for the parameters of its provider. */
export type ParameterValues = Readonly<Record<string, string>>;

/** Where parameters stand. */
export const URL_FIELDS = [
  "issuer",
  "authorization_url",
  "token_url",
  "refresh_url",
  "revocation_url",
  "certificate_token_url",
  "certificate_revocation_url",
  "userinfo_url",
] as const;

/** The one authorization server that a client means by an entry of a family: with `values`, which fit, in its URLs and hosts. */
export function withParameters(provider: Provider, values: ParameterValues): Provider {
  const urls = URL_FIELDS.map((field) => [field, fill(provider, provider[field], values)] as const);
  const api_hosts = provider.api_hosts.map((host) => filled(provider, host, values));
  return { ...provider, ...Object.fromEntries(urls), api_hosts };
}

/** Why `values` do not fit the entry, as a sentence without its end; null when they do. */
export function parametersProblem({ id, parameters }: Provider, values: ParameterValues): string | null {
  const names = Object.keys(parameters);
  const unknown = Object.keys(values).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    return `${unknown} is no parameter of ${id}, which has ${names.length === 0 ? "none" : names.join(", ")}`;
  }
  const problems = Object.entries(parameters).map(([name, parameter]) => problemOf(id, name, parameter, values[name]));
  return problems.find((problem) => problem !== null) ?? null;
}

function problemOf(id: string, name: string, parameter: ProviderParameter, value: string | undefined): string | null {
  const given = value ?? parameter.default;
  if (given === undefined)
    return `${name} is needed by ${id}: ${parameter.description}, such as "${exampleOf(parameter)}"`;
  const problem = parameterProblem(parameter, given);
  return problem === null ? null : `${name} ${problem}`;
}

function exampleOf(parameter: ProviderParameter): string {
  return parameter.kind === "choice" ? (parameter.values[0]?.value ?? "") : parameter.example;
}

function fill(provider: Provider, url: string | null, values: ParameterValues): string | null {
  return url === null ? null : filled(provider, url, values);
}

/** What is no parameter stays as it is: it is a field of the token answer. */
function filled({ parameters }: Provider, text: string, values: ParameterValues): string {
  return text.replaceAll(
    /\{(\w+)\}/g,
    (placeholder, name: string) => values[name] ?? parameters[name]?.default ?? placeholder,
  );
}
