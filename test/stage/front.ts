import type { ServerResponse } from "node:http";
import { startPageServer } from "./page-server.ts";

/** What a browser brought back from the provider. */
export interface Landing {
  /** Path and query of the callback. */
  path: string;
  cookie: string;
}

export interface Front {
  origin: string;
  /** Where requests go on to. */
  target: string;
  landings: Landing[];
}

/** A reverse proxy that lets everything through but keeps callbacks to itself, so that a test can deliver them as it likes. */
export async function startFront(): Promise<Front> {
  const front: Front = { origin: "", target: "", landings: [] };
  front.origin = await startPageServer((request, response) => {
    const path = request.url ?? "";
    if (path.startsWith("/oauth/callback/")) {
      front.landings.push({ path, cookie: request.headers.cookie ?? "" });
      response.end("landed");
      return;
    }
    void passOn(front.target + path, response);
  });
  return front;
}

async function passOn(url: string, response: ServerResponse): Promise<void> {
  const answer = await fetch(url, { redirect: "manual" });
  const location = answer.headers.get("location") ?? "";
  response.writeHead(answer.status, { location, "set-cookie": answer.headers.getSetCookie() }).end();
}
