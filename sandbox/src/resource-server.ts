import type { IncomingMessage, ServerResponse } from "node:http";
import type OidcProvider from "oidc-provider";
import { answerError, answerJson } from "./answer.ts";
import { requireBearer, requireScope } from "./bearer.ts";
import { listFiles } from "./files.ts";
import type { Observe } from "./sandbox-event.ts";
import { serveUpload } from "./upload-endpoint.ts";
import { createUploads } from "./uploads.ts";

/** The API the access tokens are for: a list of files and resumable uploads. */
export function createResourceServer({ provider, observe }: { provider: OidcProvider; observe: Observe }) {
  const uploads = createUploads();

  async function answer(req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> {
    const bearer = await requireBearer(provider, req, res);
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
