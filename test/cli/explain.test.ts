import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { evergrant } from "./evergrant.ts";

const IDLE = JSON.stringify({
  error: "invalid_grant",
  error_description: "AADSTS700082: The refresh token has expired due to inactivity.",
  error_codes: [700082],
});

async function fileWith(text: string): Promise<string> {
  const file = join(temporaryFolder(), "answer");
  await writeFile(file, text);
  return file;
}

async function explained(text: string, ...options: string[]) {
  const { code, stdout, stderr } = await evergrant(["explain", await fileWith(text), "--json", ...options]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout);
}

const TRANSCRIPT = `* Connected to login.microsoftonline.com
> POST /common/oauth2/v2.0/token HTTP/1.1
> Host: login.microsoftonline.com
>
< HTTP/1.1 400 Bad Request
< Content-Type: application/json
<
${IDLE}
* Connection #0 left intact`;

function harOf(...answers: object[]): string {
  const entries = answers.map((answer) => ({
    request: {
      url: "https://oauth2.googleapis.com/token",
      postData: { text: "grant_type=refresh_token&refresh_token=x" },
    },
    response: { status: 400, headers: [], content: { text: JSON.stringify(answer) } },
  }));
  const page = { request: { url: "https://app.example/" }, response: { status: 200, headers: [], content: {} } };
  return JSON.stringify({ log: { version: "1.2", entries: [page, ...entries] } });
}

describe("evergrant explain", () => {
  it("says the outcome, its cause, who acts, and what the service does", async () => {
    const { code, stdout } = await evergrant(["explain", await fileWith(IDLE), "--provider", "microsoft"]);
    expect(code).toBe(0);
    for (const line of [
      /^provider +microsoft$/m,
      /^answer +HTTP 400, invalid_grant, 700082, AADSTS700082: The refresh token has expired due to inactivity\.$/m,
      /^outcome +rejected$/m,
      /^cause +idle_expired \(certain\)$/m,
      /^the provider means +The refresh token was not used for too long\.$/m,
      /^who acts +user$/m,
      /^the service +Looks whether a newer refresh token is known/m,
      /^more +docs\/causes\.md#idle_expired$/m,
    ]) {
      expect(stdout).toMatch(line);
    }
  });

  it("knows less of a provider that nobody named, and says so", async () => {
    expect(await explained(IDLE)).toMatchObject({ provider: null, outcome: "rejected", cause: "unknown", rule: null });
  });

  it("reads what curl prints, and finds the provider by the address", async () => {
    const expected = { provider: "microsoft", status: 400, cause: "idle_expired" };
    expect(await explained(TRANSCRIPT)).toMatchObject(expected);
    expect(await explained(`HTTP/2 503\r\nretry-after: 30\r\n\r\n<html>`)).toMatchObject({
      status: 503,
      outcome: "retry_later",
      cause: "provider_unavailable",
      next: "Keeps the refresh token and tries again after 30 seconds.",
    });
  });

  it("takes each request for tokens out of a HAR file", async () => {
    const answers = [{ error: "invalid_grant", error_subtype: "invalid_rapt" }, { error: "invalid_client" }];
    expect(await explained(harOf(...answers))).toMatchObject([
      { provider: "google", outcome: "rejected", cause: "interaction_required" },
      { provider: "google", outcome: "client_fault", cause: "client_secret_rejected" },
    ]);
  });

  it("reads standard input", async () => {
    const { code, stdout } = await evergrant(["explain", "-", "--status", "429"], {}, "slow down");
    expect(code).toBe(0);
    expect(stdout).toContain("provider_rate_limited");
  });

  it("shows no token of a success", async () => {
    const tokens = { access_token: "at-canary-5f2c", refresh_token: "rt-canary-5f2c", expires_in: 3600 };
    const { stdout } = await evergrant(["explain", await fileWith(JSON.stringify(tokens))]);
    expect(stdout).toMatch(/^outcome +rotated$/m);
    expect(stdout).not.toContain("canary");
  });

  it.each([
    [["explain", "/nowhere/answer"], 2, "unreadable_file"],
    [["explain", "-"], 2, "no_answer"],
    [["explain", "-", "--provider", "nobody"], 9, "unknown_provider"],
  ])("%j ends with %i", async (args, exit, name) => {
    const { code, stdout, stderr } = await evergrant([...args, "--json"]);
    expect({ code, stdout }).toEqual({ code: exit, stdout: "" });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: name } });
  });

  it("says so when a HAR file has no request for tokens", async () => {
    const { code, stderr } = await evergrant(["explain", await fileWith(harOf()), "--json"]);
    expect(code).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "no_answer" } });
  });
});
