import type { ServerResponse } from "node:http";

/** Answers with JSON. Nothing the sandbox says is to be cached. */
export function answerJson(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" });
  res.end(JSON.stringify(body));
}

/** An error in the shape OAuth uses (RFC 6749 §5.2), here for every JSON error. */
export function answerError(res: ServerResponse, status: number, error: string, description: string): void {
  answerJson(res, status, { error, error_description: description });
}

/** The rest of the body is not wanted, so the connection ends with the answer. */
export function answerTooLarge(res: ServerResponse, description: string): void {
  res.setHeader("connection", "close");
  answerError(res, 413, "invalid_request", description);
}

export function answerHtml(res: ServerResponse, status: number, html: string): void {
  res.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  });
  res.end(html);
}
