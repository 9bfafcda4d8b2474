import type { Socket } from "node:net";
import { buildConnector } from "undici";
import type { ClientCertificate } from "../oauth/http.ts";
import { NotConnected } from "./failure.ts";
import { guardedLookup, type Lookup } from "./guard.ts";
import { openTunnel } from "./tunnel.ts";

export interface NetworkSettings {
  /** Host names or addresses that may be private: servers inside the operator's own network. */
  allowedPrivateHosts: readonly string[];
  /** The URL of the HTTP proxy that leads to `url`; empty: none does. Not asked about the hosts above, nor without TLS. */
  proxyFor: (url: string) => string;
  /** Who tells the addresses of a name; the system, unless given. */
  lookup?: Lookup;
}

export type Connector = buildConnector.connector;

const CONNECT_DEADLINE = 10_000;

export function allowedHosts({ allowedPrivateHosts }: NetworkSettings): ReadonlySet<string> {
  return new Set(allowedPrivateHosts.map((host) => host.toLowerCase()));
}

/** Connects, TLS included, and marks every error until then as one after which nothing was sent. */
export function createConnector(settings: NetworkSettings, shown?: ClientCertificate): Connector {
  const { proxyFor, lookup } = settings;
  const allowed = allowedHosts(settings);
  const connect = buildConnector({
    timeout: CONNECT_DEADLINE,
    lookup: guardedLookup(allowed, lookup),
    ...(shown && { cert: shown.certificate, key: shown.privateKey.reveal() }),
  });
  return (options, callback) => {
    const fail = (cause: Error): void => callback(new NotConnected("No connection.", { cause }), null);
    const settle: buildConnector.Callback = (...[error, socket]) => (error ? fail(error) : callback(null, socket));
    // A certificate that TLS cannot use is thrown, not told.
    const begin = (tunnel?: Socket): void => {
      try {
        connect({ ...options, ...(tunnel && { httpSocket: tunnel }) }, settle);
      } catch (error) {
        fail(error instanceof Error ? error : new Error("No TLS."));
      }
    };
    const { protocol, hostname, port } = options;
    const target = `${hostname}:${port || 443}`;
    const proxy = protocol === "https:" && !allowed.has(hostname) ? proxyFor(`https://${target}/`) : "";
    if (proxy === "") return begin();
    openTunnel(new URL(proxy), target, CONNECT_DEADLINE).then(begin, fail);
  };
}
