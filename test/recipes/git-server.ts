import { spawn } from "node:child_process";
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { startPageServer } from "../stage/page-server.ts";
import type { BearerCheck } from "./bearer-check.ts";

/** Serves the repositories in a folder by git's own CGI, to whoever has a good access token for a password; resolves with its origin. */
export function startGitServer(folder: string, check: BearerCheck): Promise<string> {
  return startPageServer((request, response) => void serve(folder, check, request, response));
}

async function serve(folder: string, check: BearerCheck, request: IncomingMessage, response: ServerResponse) {
  const user = await signedIn(request, check);
  if (user === null) {
    response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
    return;
  }
  const { status, headers, body } = await askBackend(folder, user, request);
  response.writeHead(status, headers).end(body);
}

/** RFC 7617. */
async function signedIn({ headers }: IncomingMessage, check: BearerCheck): Promise<string | null> {
  const [, encoded = ""] = /^Basic (.+)$/.exec(headers.authorization ?? "") ?? [];
  const [, user, password] = /^([^:]*):(.+)$/.exec(Buffer.from(encoded, "base64").toString()) ?? [];
  if (user === undefined || password === undefined) return null;
  return (await check.isGood(password)) ? user : null;
}

/** One request by git-http-backend(1), in the way of RFC 3875. */
async function askBackend(folder: string, user: string, request: IncomingMessage) {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://git.example.com");
  const child = spawn("git", ["http-backend"], {
    env: {
      PATH: process.env["PATH"],
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      REMOTE_USER: user,
      REMOTE_ADDR: "127.0.0.1",
      REQUEST_METHOD: request.method,
      PATH_INFO: pathname,
      QUERY_STRING: searchParams.toString(),
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      HTTP_GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  // It may answer before it has read everything.
  child.stdin.on("error", () => undefined);
  request.pipe(child.stdin);
  const answer = await buffer(child.stdout);
  const end = answer.indexOf("\r\n\r\n");
  const lines = answer.toString("latin1", 0, end).split("\r\n");
  const headers = Object.fromEntries(lines.map((line) => line.split(/: (.*)/s).slice(0, 2)));
  return { status: Number.parseInt(headers["Status"] ?? "200", 10), headers, body: answer.subarray(end + 4) };
}
