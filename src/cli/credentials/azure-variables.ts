import type { Output } from "../terminal/output.ts";

interface Wish {
  connectionId: string;
  /** An API key or an agent token. */
  subject: string;
  origin: string;
}

/** The endpoint names the connection itself, so that two variables are enough. */
export function printAzureVariables(output: Output, { connectionId, subject, origin }: Wish): void {
  const endpoint = `${origin}/msi/token?client_id=${connectionId}`;
  output.result({ identity_endpoint: endpoint, identity_header: subject }, () =>
    [`export IDENTITY_ENDPOINT=${quoted(endpoint)}`, `export IDENTITY_HEADER=${quoted(subject)}`].join("\n"),
  );
}

/** As a word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
