import { readdirSync, readFileSync } from "node:fs";
import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { openSignInStage } from "../stage/operator-browser.ts";
import { openStage, type Stage } from "../stage/stage.ts";

const ASSETS = new URL("../../dist/dashboard/assets/", import.meta.url);

const underPath = (): Promise<Stage> => openStage({ publicUrl: "https://evergrant.example/eg" });

/** Asks for the path as it is, where `fetch` would tidy it up. */
async function open({ service }: Stage, path: string, method = "GET", headers: Record<string, string> = {}) {
  const { hostname, port } = new URL(service.url);
  const sent = request({ hostname, port, path, method, headers: { connection: "close", ...headers } }).end();
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.on("response", resolve).on("error", reject);
  });
  return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
}

const SHIELD = {
  "cache-control": "no-store",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cross-origin-opener-policy": "same-origin",
};

describe("the dashboard", () => {
  test("is one page under every address, whose styles carry a nonce that is new each time", async () => {
    const stage = await underPath();
    const paths = ["", "connections", "connections/con_1?tab=history"];
    const pages = await Promise.all(paths.map((path) => open(stage, `/dashboard/${path}`)));
    const nonces = pages.map(({ status, headers, body }) => {
      expect([status, headers]).toMatchObject([200, { ...SHIELD, "content-type": "text/html; charset=utf-8" }]);
      const policy = String(headers["content-security-policy"]);
      expect(policy).toMatch(
        /^default-src 'none'; script-src 'self'; style-src 'self' 'nonce-[\w-]{22}'; img-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'$/,
      );
      const nonce = /'nonce-([\w-]+)'/.exec(policy)?.[1] ?? "";
      expect(body).toContain(`<base href="/eg/dashboard/"`);
      expect(body).toContain(`nonce="${nonce}"`);
      expect(body).toContain(`name="sign-in" content="key"`);
      expect(body).not.toMatch(/NONCE|BASE|SIGN_IN|<script[^>]*>[^<]|\son\w+=/);
      return nonce;
    });
    expect(new Set(nonces).size).toBe(nonces.length);
  });

  test("is where the start page leads, and says where an issuer signs people in", async () => {
    const stage = await underPath();
    for (const path of ["/", "/dashboard"]) {
      const { status, headers } = await open(stage, path);
      expect([path, status, headers]).toMatchObject([
        path,
        303,
        { location: "/eg/dashboard/", "x-frame-options": "DENY" },
      ]);
    }
    const { stage: other } = await openSignInStage();
    const page = await fetch(`${other.service.url}/`);
    expect([page.url, await page.text()]).toEqual([
      `${other.service.url}/dashboard/`,
      expect.stringContaining(`name="sign-in" content="issuer"`),
    ]);
  });

  test("answers HEAD without the page, and takes nothing", async () => {
    const stage = await underPath();
    const head = await open(stage, "/dashboard/incidents", "HEAD");
    expect([head.status, head.headers, head.body]).toMatchObject([200, SHIELD, ""]);
    expect((await open(stage, "/dashboard/", "POST")).status).toBe(404);
  });

  test("is not served at an address of a tenant", async () => {
    const stage = await underPath();
    const made = await stage.api("POST", "/v1/tenants", { name: "Acme", public_url: "https://acme.example" });
    expect(made.status).toBe(201);
    const script = readdirSync(ASSETS).find((file) => file.endsWith(".js"));
    for (const path of ["/", "/dashboard", "/dashboard/", `/dashboard/assets/${script}`]) {
      const { status, headers } = await open(stage, path, "GET", { host: "acme.example" });
      expect([path, status, headers["content-type"]]).toEqual([path, 404, "application/problem+json"]);
    }
    const { status } = await open(stage, "/dashboard/", "GET", { host: "evergrant.example" });
    expect(status).toBe(200);
  });
});

const ENCODINGS = [
  ["br, gzip", "br"],
  ["gzip", "gzip"],
  ["identity", undefined],
] as const;

describe("an asset", () => {
  test("is kept for a year, and comes compressed as it was built", async () => {
    const stage = await underPath();
    const files = readdirSync(ASSETS).filter((file) => /\.(js|css|svg)$/.test(file));
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) {
      const plain = readFileSync(new URL(file, ASSETS));
      expect([file, brotliDecompressSync(readFileSync(new URL(`${file}.br`, ASSETS))).equals(plain)]).toEqual([
        file,
        true,
      ]);
      expect([file, gunzipSync(readFileSync(new URL(`${file}.gz`, ASSETS))).equals(plain)]).toEqual([file, true]);
      for (const [accepted, encoding] of ENCODINGS) {
        const { status, headers } = await open(stage, `/dashboard/assets/${file}`, "HEAD", {
          "accept-encoding": accepted,
        });
        expect([file, status, headers["content-encoding"]]).toEqual([file, 200, encoding]);
        expect(headers).toMatchObject({
          "cache-control": "public, max-age=31536000, immutable",
          "x-content-type-options": "nosniff",
          vary: "accept-encoding",
        });
      }
    }
  });

  test("that there is not is answered as nothing, whatever its path", async () => {
    const stage = await underPath();
    for (const path of STRAY) {
      const { status, headers, body } = await open(stage, `/dashboard/assets/${path}`);
      expect([path, headers["content-type"]]).toEqual([path, "application/problem+json"]);
      expect([400, 404]).toContain(status);
      expect(body).not.toContain("<html");
    }
  });
});

const STRAY = [
  "none.js",
  "../index.html",
  "..%2findex.html",
  "%2e%2e/%2e%2e/service/main.js",
  "..%5cindex.html",
  "....//index.html",
  "%00.js",
  "",
];
