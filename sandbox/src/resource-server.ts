import type { IncomingMessage, ServerResponse } from "node:http";
import type OidcProvider from "oidc-provider";
import { answerError, answerJson } from "./answer.ts";
import { requireBearer, requireScope } from "./bearer.ts";
import type { BehaviourSwitches } from "./behaviour.ts";
import type { ClientTable } from "./client-table.ts";
import { createProofCheck } from "./dpop-proof.ts";
import { listFiles } from "./files.ts";
import type { Observe } from "./sandbox-event.ts";
import { serveUpload } from "./upload-endpoint.ts";
import { createUploads } from "./uploads.ts";

interface Deps {
  provider: OidcProvider;
  /** Of the authorization server, and the origin of the API. */
  issuer: string;
  clients: Pick<ClientTable, "find">;
  behaviour: Pick<BehaviourSwitches, "current">;
  observe: Observe;
}

/** The API the access tokens are for: a list of files and resumable uploads. */
export function createResourceServer({ provider, issuer, clients, behaviour, observe }: Deps) {
  const uploads = createUploads();
  const checkProof = createProofCheck({ origin: issuer, clients, behaviour });

  async function answer(req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> {
    const bearer = await requireBearer({ provider, checkProof }, req, res);
    if (bearer === null) return;
    const uploadId = /^\/api\/uploads\/([\w-]{1,64})$/.exec(url.pathname)?.[1];
    if (uploadId !== undefined) {
      if (requireScope(bearer, "files.write", res)) await serveUpload(uploads, bearer.user, uploadId, req, res);
      return;
    }
    if (url.pathname !== "/api/files" || req.method !== "GET") {
      return answerError(res, 404, "not_found", "there is GET /api/files, and PUT and GET /api/uploads/{id}");
    }
    if (!requireScope(bearer, "files.read", res)) return;
    const page = listFiles(bearer.user, url.searchParams.get("page_size"), url.searchParams.get("page_token"));
    if (page === null) return answerError(res, 400, "invalid_request", "page_size is 1 to 100, page_token from a page");
    answerJson(res, 200, page);
  }

  return async function serve(req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> {
    await answer(req, res, url);
    observe({ kind: "api_request", method: req.method ?? "", path: url.pathname, status: res.statusCode });
  };
}
