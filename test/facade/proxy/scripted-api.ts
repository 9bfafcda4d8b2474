import type { IncomingMessage, ServerResponse } from "node:http";
import { connect } from "node:net";
import { openProxyStage, type ProxyStage } from "./proxy-stage.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** An API that answers as the test says at each moment. */
export async function openScripted() {
  const seen: { method: string; url: string; headers: IncomingMessage["headers"]; raw: string[] }[] = [];
  const script: { answer: Answer } = { answer: (_request, response) => void response.end() };
  const proxied = await openProxyStage((request, response) => {
    const { method = "", url = "", headers, rawHeaders: raw } = request;
    seen.push({ method, url, headers, raw });
    void script.answer(request, response);
  });
  return { ...proxied, script, last: () => seen.at(-1), seen };
}

/** The bytes that the service answers to these. */
export function exchangeRaw({ stage }: ProxyStage, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(stage.settings.port, "127.0.0.1", () => socket.write(bytes));
    let all = "";
    socket.on("data", (chunk: Buffer) => (all += chunk.toString("latin1")));
    socket.on("close", () => resolve(all));
  });
}
