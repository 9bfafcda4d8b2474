import { built } from "./built.ts";

/** The reference: token requests by the service's own transport, and nothing else. Prints exchanges a second. */
const [, , url = "", seconds = "5", concurrency = "64"] = process.argv;
const { createTransport } = await built.transport();
const { refreshRequest } = await built.tokenRequest();
const { secret } = await built.secret();

const transport = createTransport({ allowedPrivateHosts: ["localhost"], proxyFor: () => "" });
const authentication = { method: "none", clientId: "bench" } as const;
const grant = { refreshToken: secret("refresh-0"), redirectUri: "", scope: "" };
const end = performance.now() + Number(seconds) * 1000;
let count = 0;

async function exchangeUntilTheEnd(): Promise<void> {
  while (performance.now() < end) {
    const request = await refreshRequest(url, authentication, grant);
    const result = await transport.send(request, { deadlineMs: 10_000 });
    if (result.kind === "response") count++;
  }
}

await Promise.all(Array.from({ length: Number(concurrency) }, exchangeUntilTheEnd));
process.send?.(count / Number(seconds));
await transport.close();
process.disconnect();
