import { connect, type Socket } from "node:net";

export interface Load {
  /** Requests a second. */
  perSecond: number;
  requests: number;
  /** Latencies in microseconds. */
  p50: number;
  p99: number;
}

/**
 * Sends one and the same request over `connections` keep-alive sockets, each as soon as its last answer is whole, and measures.
 * It reads no more of an answer than its length, so that the generator is not what is measured. One that is not 200 ends the
 * run.
 */
export async function load(
  url: string,
  headers: Record<string, string>,
  connections: number,
  seconds: number,
): Promise<Load> {
  const { hostname, port, pathname, host } = new URL(url);
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  const request = Buffer.from(`GET ${pathname} HTTP/1.1\r\n${lines.join("")}\r\n`);
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + seconds * 1000;
  const sockets = Array.from({ length: connections }, () => connect(Number(port), hostname));
  await Promise.all(sockets.map((socket) => drive(socket, request, end, latencies)));
  const elapsed = (performance.now() - start) / 1000;
  const sorted = Float64Array.from(latencies).toSorted();
  const at = (share: number): number => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 1000);
  return { perSecond: sorted.length / elapsed, requests: sorted.length, p50: at(0.5), p99: at(0.99) };
}

function drive(socket: Socket, request: Buffer, end: number, latencies: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let sentAt = 0;
    let length = 0;
    let received = 0;
    socket.setNoDelay(true);
    socket.on("error", reject);
    socket.on("connect", send);
    socket.on("data", (chunk: Buffer) => {
      // Mostly as long as the one before: then there is nothing to read in it.
      if (received === 0 && chunk.length !== length) length = lengthOf(chunk);
      received += chunk.length;
      if (received < length) return;
      latencies.push(performance.now() - sentAt);
      if (performance.now() < end) return send();
      socket.end();
      resolve();
    });

    function send(): void {
      received = 0;
      sentAt = performance.now();
      socket.write(request);
    }

    /** Header and body of an answer; its header has to come in one piece. */
    function lengthOf(chunk: Buffer): number {
      const text = chunk.toString("latin1");
      const bodyLength = /content-length: (\d+)/i.exec(text)?.[1];
      if (!text.startsWith("HTTP/1.1 200") || bodyLength === undefined) reject(new Error(text.split("\r\n")[0]));
      return text.indexOf("\r\n\r\n") + 4 + Number(bodyLength);
    }
  });
}
