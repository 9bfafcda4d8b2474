import { unavailable } from "../database.ts";

const BROKE_OFF = "The connection to PostgreSQL broke off. Try again in a moment.";
const NO_ANSWER = "PostgreSQL did not answer in time. Check that it runs, and the network between.";
const NOT_REACHED =
  "PostgreSQL cannot be reached. Check that it runs, and the host and port in EVERGRANT_DATABASE_URL.";
const NOT_NAMED = "The host name of PostgreSQL is not known. Check EVERGRANT_DATABASE_URL, and the DNS servers.";
const REFUSED = "PostgreSQL refuses the user or the password. Check EVERGRANT_DATABASE_URL.";
const CERTIFICATE =
  "The certificate of PostgreSQL is not accepted. Name its authority with sslrootcert in EVERGRANT_DATABASE_URL.";
const NO_FILE = "A file or socket that EVERGRANT_DATABASE_URL names cannot be opened. Check its path and permissions.";
const STARTING = "PostgreSQL is starting or stopping. Try again in a moment.";
const SLOW = "PostgreSQL took too long. Look for what holds its locks or its disk.";
const DAMAGED = "PostgreSQL reports damaged data. Stop the service and restore a backup.";

/** SQLSTATEs, whole or their class (the first two characters), as in appendix A of PostgreSQL's manual. */
const BY_STATE: Readonly<Record<string, string>> = {
  "08": BROKE_OFF,
  "25006":
    "PostgreSQL takes no writes here: it is a standby or read-only. Point EVERGRANT_DATABASE_URL at the primary.",
  "25P03": SLOW,
  "28": REFUSED,
  "3D000": "The PostgreSQL database does not exist. Create it, or check EVERGRANT_DATABASE_URL.",
  "3F000": "The PostgreSQL user has no schema to make tables in. Check its search_path.",
  "40": "Other transactions stood in the way too often. Try again in a moment.",
  "42501": "The PostgreSQL user lacks a privilege. Make it the owner of its database.",
  "53": "PostgreSQL is short of memory or connections. Raise max_connections, or run fewer processes.",
  "53100": "The disk of PostgreSQL is full. Free some space; nothing was lost.",
  "55P03": SLOW,
  "57": STARTING,
  "57014": SLOW,
  "58": "The system under PostgreSQL reports an error. Check its disk and its log.",
  XX: "PostgreSQL reports an internal error. Check its log.",
  XX001: DAMAGED,
  XX002: DAMAGED,
};

/** What the system, TLS and DNS say. */
const BY_CODE: Readonly<Record<string, string>> = {
  EACCES: NO_FILE,
  EAI_AGAIN: NOT_NAMED,
  ECONNREFUSED: NOT_REACHED,
  ECONNRESET: BROKE_OFF,
  EHOSTDOWN: NOT_REACHED,
  EHOSTUNREACH: NOT_REACHED,
  ENETUNREACH: NOT_REACHED,
  ENOENT: NO_FILE,
  ENOTFOUND: NOT_NAMED,
  EPIPE: BROKE_OFF,
  EPROTO: CERTIFICATE,
  ETIMEDOUT: NO_ANSWER,
  CERT_HAS_EXPIRED: CERTIFICATE,
  DEPTH_ZERO_SELF_SIGNED_CERT: CERTIFICATE,
  ERR_TLS_CERT_ALTNAME_INVALID: CERTIFICATE,
  SELF_SIGNED_CERT_IN_CHAIN: CERTIFICATE,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: CERTIFICATE,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: CERTIFICATE,
};

/** What pg says in words only, by how it begins. */
const BY_MESSAGE: Readonly<Record<string, string>> = {
  "Cannot use a pool": "The database has been closed. The service is stopping.",
  "Client has encountered a connection error": BROKE_OFF,
  "Client was closed": BROKE_OFF,
  "Connection terminated due to connection timeout": NO_ANSWER,
  "Connection terminated": BROKE_OFF,
  "Query read timeout": NO_ANSWER,
  "SASL: ": REFUSED,
  "The server does not support SSL": "PostgreSQL offers no TLS. Check sslmode in EVERGRANT_DATABASE_URL.",
  "There was an error establishing an SSL connection": CERTIFICATE,
  "timeout exceeded when trying to connect":
    "No connection to PostgreSQL became free in time. Look for what holds its locks.",
  "timeout expired": NO_ANSWER,
};

/** A driver's error as `store_unavailable`, where a sentence says what to look at. None of them repeats the error. */
export function translate(error: unknown): unknown {
  if (!(error instanceof Error) || isOfTheWall(error)) return error;
  const sentence = sentenceFor(error);
  return sentence === undefined ? error : unavailable(sentence, error);
}

/** A row for another tenant was refused: a mistake of ours, about which nothing is to be looked at in the database. */
function isOfTheWall(error: Error): boolean {
  return sqlStateOf(error) === "42501" && "routine" in error && error.routine === "ExecWithCheckOptions";
}

function sentenceFor(error: Error): string | undefined {
  const state = sqlStateOf(error);
  if (state !== null) return BY_STATE[state] ?? BY_STATE[state.slice(0, 2)];
  if ("code" in error && typeof error.code === "string") return BY_CODE[error.code];
  const known = Object.keys(BY_MESSAGE).find((beginning) => error.message.startsWith(beginning));
  return known === undefined ? undefined : BY_MESSAGE[known];
}

/** Only the server's own errors have one, and with it a severity. */
export function sqlStateOf(error: unknown): string | null {
  if (!(error instanceof Error && "severity" in error && "code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

/** The transaction was rolled back because of others, and may succeed when it is run again. */
export function isConflict(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === "40001" || state === "40P01";
}

/**
 * Whether to speak no more over the connection that an error came from: it is gone, an answer may still come, or it leads to a
 * server that is not the primary any more.
 */
export function endsConnection(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === null || state === "25006" || state === "25P03" || state.startsWith("08") || state.startsWith("57P");
}
