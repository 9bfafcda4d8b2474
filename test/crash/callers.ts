import { connect, type Socket } from "node:net";

export interface Answer {
  /** 0 when the connection ended without one. */
  status: number;
  body: string;
  afterMs: number;
}

/**
 * Connects `count` callers to the addresses in turn, so that they are there when it counts; the function returned has all of
 * them ask the same at once.
 */
export async function gatherCallers(
  urls: readonly string[],
  count: number,
): Promise<(path: string, key: string) => Promise<Answer[]>> {
  const places = Array.from({ length: count }, (_, place) => new URL(urls[place % urls.length] ?? ""));
  const sockets = await Promise.all(places.map(({ hostname, port }) => connected(hostname, Number(port))));
  return async (path, key) => {
    const request = `GET ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${key}\r\n\r\n`;
    return Promise.all(sockets.map((socket) => ask(socket, request)));
  };
}

function connected(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => resolve(socket.setNoDelay(true)));
    socket.once("error", reject);
  });
}

function ask(socket: Socket, request: string): Promise<Answer> {
  const askedAt = performance.now();
  let text = "";
  return new Promise((resolve) => {
    const end = (status: number, body: string): void => {
      socket.destroy();
      resolve({ status, body, afterMs: performance.now() - askedAt });
    };
    socket.on("error", () => end(0, ""));
    socket.on("close", () => end(0, ""));
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      const body = /\r\n\r\n(.*)$/s.exec(text)?.[1];
      const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
      if (body !== undefined && length !== undefined && Buffer.byteLength(body) >= Number(length)) {
        end(Number(text.slice(9, 12)), body);
      }
    });
    socket.write(request);
  });
}
