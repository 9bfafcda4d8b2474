import { STATUS_CODES, type ServerResponse } from "node:http";
import { answerHtml, answerJson } from "./answer.ts";
import type { Fault } from "./behaviour.ts";

type AnsweredFault = Extract<Fault, { kind: "status" | "rate_limit" | "html" | "empty" }>;

/** What something between the client and the authorization server says. None of it is an answer RFC 6749 knows. */
export function answerFault(res: ServerResponse, fault: AnsweredFault): void {
  switch (fault.kind) {
    case "status":
      return answerJson(res, fault.status, { status: fault.status, message: reason(fault.status) });
    case "rate_limit":
      res.setHeader("retry-after", fault.retryAfterSeconds);
      return answerJson(res, 429, { status: 429, message: reason(429) });
    case "html":
      return answerHtml(res, fault.status, proxyPage(fault.status));
    case "empty":
      res.writeHead(fault.status).end();
  }
}

function proxyPage(status: number): string {
  const title = `${status} ${reason(status)}`;
  return `<html>\n<head><title>${title}</title></head>\n<body><center><h1>${title}</h1></center></body>\n</html>\n`;
}

function reason(status: number): string {
  return STATUS_CODES[status] ?? "Unknown";
}
