import { EXIT, EXIT_MEANINGS } from "./exit-codes.ts";
import { table } from "./terminal/table.ts";

export const DESCRIPTION = `Keeps OAuth connections alive: refreshes ahead of need, stores rotation safely,
says why a person must act.

serve, doctor, journal, audit, backup, restore and mail work on this machine, with the
service's settings. keys generate, providers, explain, export new-key and export open
need neither settings nor a service. All others ask a running service, with the API
key that is in EVERGRANT_API_KEY, or in the file that EVERGRANT_API_KEY_FILE names.
No option takes the key, because other users of a machine can see the options of a
command.`;

const SERVICE_ENVIRONMENT: readonly [name: string, meaning: string][] = [
  ["EVERGRANT_DATA_DIR", "folder of the database and the generated root key; ./data"],
  ["EVERGRANT_DATABASE_URL", "the database file, as sqlite:<path>; evergrant.db in the data directory"],
  ["EVERGRANT_ROOT_KEY_FILE", "file with the root key; root.key in the data directory"],
  ["EVERGRANT_ROOT_KEY", "the root key itself, instead of a file"],
  ["EVERGRANT_ROOT_KEY_COMMAND", "a command that prints the root key, instead of a file"],
  ["EVERGRANT_ROOT_KEY_SERVICE", "a key service that keeps the root key, instead of a file"],
  ["EVERGRANT_OLD_ROOT_KEY_FILES", "files of root keys that only open, separated by commas; none"],
  ["EVERGRANT_OLD_ROOT_KEY_SERVICES", "key services with root keys that only open; none"],
  ["EVERGRANT_TRANSIT_TOKEN", "the token for a Transit engine"],
  ["EVERGRANT_TRANSIT_TOKEN_FILE", "a file with that token, read at each call"],
  ["EVERGRANT_TRANSIT_NAMESPACE", "the namespace of a Transit engine"],
  ["EVERGRANT_ADMIN_KEY", "an admin API key to accept; without it the first start makes one"],
  ["EVERGRANT_OPERATOR_ISSUER", "the OpenID provider at which operators sign in; none"],
  ["EVERGRANT_OPERATOR_CLIENT_ID", "the client that they sign in with"],
  ["EVERGRANT_OPERATOR_CLIENT_SECRET", "its secret; none for a public client"],
  ["EVERGRANT_OPERATOR_CLIENT_SECRET_FILE", "a file with that secret, read at each sign-in"],
  ["EVERGRANT_OPERATOR_ALLOWED", "who may sign in, as what, separated by commas"],
  ["EVERGRANT_SMTP_URL", "the mail server, as smtps://user:password@host; none"],
  ["EVERGRANT_SMTP_URL_FILE", "a file with that URL, read for each mail"],
  ["EVERGRANT_MAIL_FROM", "who mails are from"],
  ["EVERGRANT_NOTIFY_EMAIL", "operators who are written, separated by commas; nobody"],
  ["EVERGRANT_PUBLIC_URL", "address under which browsers reach the service; http://<host>:<port>"],
  ["EVERGRANT_HOST", "address to listen on; 127.0.0.1"],
  ["EVERGRANT_PORT", "port to listen on; 4100"],
  ["EVERGRANT_ALLOWED_PRIVATE_HOSTS", "providers, receivers and mail servers inside your own network; none"],
  ["EVERGRANT_TRUSTED_PROXIES", "addresses of proxies whose X-Forwarded-For is believed; none"],
  ["EVERGRANT_RATE_LIMIT", "requests a second of one API key; 1000"],
  ["EVERGRANT_REKEY_RATE", "values a second that an instance seals anew; 2000"],
  ["EVERGRANT_LOG_LEVEL", "trace, debug, info, warn, error or silent; info"],
];

const COMMAND_ENVIRONMENT: readonly [name: string, meaning: string][] = [
  ["EVERGRANT_API_KEY", "API key for the commands that ask a service"],
  ["EVERGRANT_API_KEY_FILE", "a file with that key, instead; readable by its owner only"],
  ["EVERGRANT_URL", "the service that these ask; http://127.0.0.1:4100"],
  ["NO_COLOR", "when set, nothing is coloured; elsewhere only terminals get colours"],
];

/** What `evergrant --help` says below the list of commands. */
export const REFERENCE = `Environment of the service (with its default):
${indented(SERVICE_ENVIRONMENT)}

Environment of the commands that ask a service:
${indented(COMMAND_ENVIRONMENT)}

Exit codes:
${indented(exitCodes())}

Examples:
  evergrant serve                               run the service; the first start prints the admin key
  evergrant doctor                              find out what is wrong here
  evergrant explain --provider google answer    what would be made of this answer?
  evergrant connect --client cli_01jd...        connect an account
  evergrant token con_01jd...                   print an access token that works
  evergrant exec con_01jd... -- ./sync          run a command with one in its environment`;

function exitCodes(): string[][] {
  const codes: Readonly<Record<string, number>> = EXIT;
  return Object.entries(EXIT_MEANINGS).map(([name, meaning]) => [String(codes[name]), name, meaning]);
}

function indented(rows: readonly (readonly string[])[]): string {
  return table(rows.map((row) => row.map((text) => ({ text }))))
    .map((line) => `  ${line}`)
    .join("\n");
}
