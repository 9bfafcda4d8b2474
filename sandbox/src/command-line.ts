import { parseArgs } from "node:util";
import type { Behaviour } from "./behaviour.ts";
import type { SandboxClient } from "./client-table.ts";
import type { SandboxOptions } from "./sandbox.ts";

export const help = `Usage: evergrant-sandbox [options]

Runs an OAuth 2.0 / OpenID Connect authorization server and a small resource server for development and tests.
Nobody needs a password. Do not put it on a network: its control API asks nobody who they are.

Options:
  --port <number>                    port to listen on (default 4101; 0 takes a free one)
  --host <address>                   address to listen on (default 127.0.0.1)
  --data-file <file>                 SQLite file that keeps users, clients, grants and tokens over a restart
  --client <id:secret:redirect_uri>  a client that may use it; repeatable, also for one more redirect URI
  --access-token-lifetime <seconds>  lifetime of access tokens (default 3600)
  --no-rotation                      a refresh leaves the refresh token as it is
  --reuse <what>                     what a used refresh token gets: accept:<seconds>, error or revoke_family (default)
  --no-offline-access-required       give a refresh token to everybody
  --verbose                          one line for each thing it serves
  --help                             this text
`;

export type Command =
  | { kind: "help" }
  | { kind: "wrong"; problem: string }
  | { kind: "run"; options: SandboxOptions; verbose: boolean };

export function readCommandLine(args: string[]): Command {
  try {
    const values = parse(args);
    if (values.help) return { kind: "help" };
    return { kind: "run", options: sandboxOptions(values), verbose: values.verbose };
  } catch (error) {
    return { kind: "wrong", problem: error instanceof Error ? error.message : String(error) };
  }
}

type Values = ReturnType<typeof parse>;

function parse(args: string[]) {
  return parseArgs({
    args,
    options: {
      port: { type: "string", default: "4101" },
      host: { type: "string", default: "127.0.0.1" },
      "data-file": { type: "string" },
      client: { type: "string", multiple: true, default: [] },
      "access-token-lifetime": { type: "string" },
      "no-rotation": { type: "boolean", default: false },
      reuse: { type: "string" },
      "no-offline-access-required": { type: "boolean", default: false },
      verbose: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  }).values;
}

function sandboxOptions(values: Values): SandboxOptions {
  const dataFile = values["data-file"];
  return {
    port: wholeNumber("--port", values.port, 65_535),
    host: values.host,
    ...(dataFile !== undefined && { dataFile }),
    clients: readClients(values.client),
    behaviour: readBehaviour(values),
  };
}

function readBehaviour(values: Values): Partial<Behaviour> {
  const lifetime = values["access-token-lifetime"];
  return {
    rotation: !values["no-rotation"],
    offlineAccessRequired: !values["no-offline-access-required"],
    ...(lifetime !== undefined && { accessTokenLifetimeSeconds: wholeNumber("--access-token-lifetime", lifetime) }),
    ...(values.reuse !== undefined && { reuse: readReuse(values.reuse) }),
  };
}

function readReuse(text: string): Behaviour["reuse"] {
  const seconds = /^accept:(\d+)$/.exec(text)?.[1];
  if (seconds !== undefined) return { kind: "accept", seconds: Number(seconds) };
  if (text === "error" || text === "revoke_family") return { kind: text };
  throw new Error("--reuse takes accept:<seconds>, error or revoke_family");
}

/** The same id twice is one client with two redirect URIs. */
function readClients(texts: string[]): SandboxClient[] {
  const clients = new Map<string, SandboxClient>();
  for (const text of texts) {
    const [, clientId, clientSecret, redirectUri] = /^([^:]+):([^:]+):(.+)$/.exec(text) ?? [];
    if (clientId === undefined || clientSecret === undefined || redirectUri === undefined) {
      throw new Error("--client takes id:secret:redirect_uri");
    }
    const redirectUris = [...(clients.get(clientId)?.redirectUris ?? []), redirectUri];
    clients.set(clientId, { clientId, clientSecret, redirectUris });
  }
  return [...clients.values()];
}

function wholeNumber(flag: string, text: string, most = Number.MAX_SAFE_INTEGER): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > most) throw new Error(`${flag} takes a whole number`);
  return value;
}
