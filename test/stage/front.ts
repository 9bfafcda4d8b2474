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
    void fetch(front.target + path, { redirect: "manual" }).then((answer) => {
      response.writeHead(answer.status, {
        location: answer.headers.get("location") ?? "",
        "set-cookie": answer.headers.getSetCookie(),
      });
      response.end();
    });
  });
  return front;
}
