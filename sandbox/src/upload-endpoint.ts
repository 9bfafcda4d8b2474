import type { IncomingMessage, ServerResponse } from "node:http";
import { answerError, answerJson, answerTooLarge } from "./answer.ts";
import type { Range, Upload, Uploads } from "./uploads.ts";

const rangeLimit = 8 * 1024 * 1024;

/** One resumable upload: PUT sends the next range, GET tells how far it has come. */
export async function serveUpload(
  uploads: Uploads,
  user: string,
  id: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  switch (req.method) {
    case "GET":
      return answerStatus(res, uploads.find(user, id));
    case "PUT":
      return takeRange(uploads, user, id, req, res);
    case undefined:
    default:
      res.setHeader("allow", "GET, PUT");
      return answerError(res, 405, "invalid_request", "an upload takes GET and PUT");
  }
}

function answerStatus(res: ServerResponse, upload: Upload | null): void {
  if (upload === null) return answerError(res, 404, "not_found", "there is no such upload");
  answerJson(res, 200, { received: upload.received, total: upload.total, complete: upload.sha256 !== null });
}

async function takeRange(
  uploads: Uploads,
  user: string,
  id: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  if (/^bytes \*\/\d{1,15}$/.test(req.headers["content-range"] ?? ""))
    return answerProgress(res, id, uploads.find(user, id));
  const range = readContentRange(req.headers["content-range"]);
  if (range === null) return refuse(res, "a Content-Range of the form bytes first-last/total is needed");
  if (range.last - range.first >= rangeLimit)
    return answerTooLarge(res, `a range may have ${rangeLimit} bytes at most`);

  const offer = await uploads.offer(user, id, range, req.iterator({ destroyOnReturn: false }));
  switch (offer.kind) {
    case "wrong_length":
      return refuse(res, "the body is not as long as the Content-Range says");
    case "does_not_continue":
      setRange(res, offer.received);
      return answerError(res, 416, "range_not_satisfiable", `the upload continues at byte ${offer.received}`);
    case "taken":
      return answerTaken(res, id, offer.upload);
  }
}

/** An unknown range asks how far the upload is, as in Google's resumable uploads. */
function answerProgress(res: ServerResponse, id: string, upload: Upload | null): void {
  answerTaken(res, id, upload ?? { received: 0, total: 0, sha256: null });
}

/** 308 with the range so far while bytes are missing, as in Google's resumable uploads. */
function answerTaken(res: ServerResponse, id: string, { received, total, sha256 }: Upload): void {
  if (sha256 !== null) return answerJson(res, 201, { id, size: total, sha256 });
  setRange(res, received);
  res.writeHead(308, { "content-length": 0 }).end();
}

function setRange(res: ServerResponse, received: number): void {
  if (received > 0) res.setHeader("range", `bytes=0-${received - 1}`);
}

/** RFC 9110 §14.4, without the forms that leave a part unknown. */
function readContentRange(header: string | undefined): Range | null {
  const found = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(header ?? "");
  if (found === null) return null;
  const [first = 0, last = 0, total = 0] = found.slice(1).map(Number);
  return first <= last && last < total ? { first, last, total } : null;
}

/** The rest of the body is not wanted, so the connection ends with the answer. */
function refuse(res: ServerResponse, why: string): void {
  res.setHeader("connection", "close");
  answerError(res, 400, "invalid_request", why);
}
