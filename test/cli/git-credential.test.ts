import { expect, it } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { HOUR } from "../../src/runtime/clock.ts";
import { openStage } from "../stage/stage.ts";
import { evergrant } from "./evergrant.ts";
import { clientEnvironment } from "./stage-environment.ts";

const NOTHING = { code: EXIT.ok, stdout: "", stderr: "" };
const GIT = { protocol: "https", host: "git.example.com" };

it("gets the token with its end, and a user name that the host takes", async () => {
  const { stage, connectionId, run } = await scene();
  const { at } = await stage.token(connectionId);
  const end = Math.floor(Date.parse(at("expires_at")) / 1000);
  const answered = (name: string) => ({
    ...NOTHING,
    stdout: `username=${name}\npassword=${at("access_token")}\npassword_expiry_utc=${end}\n`,
  });
  const outcomes = await Promise.all([
    run("get", { ...GIT, path: "a=b.git", "wwwauth[]": "Basic realm=x" }),
    run("get", { ...GIT, username: "ada" }),
    run("get", { protocol: "https", host: "bitbucket.org", username: "ada" }),
    run("get", GIT, "--username", "x-access-token"),
    run("get", { ...GIT, host: "Git.example.com:8443" }, "--host", "git.example.com:8443"),
    run("get", { protocol: "http", host: "127.0.0.1:3000" }),
  ]);
  expect(outcomes).toEqual(["oauth2", "ada", "x-token-auth", "x-access-token", "oauth2", "oauth2"].map(answered));
});

it("is silent about what it is not for", async () => {
  const { run } = await scene();
  const elsewhere = await Promise.all([
    run("get", GIT, "--host", "git.example.com:8443"),
    run("store", { ...GIT, username: "oauth2", password: "p" }),
    run("approve", GIT),
    run("erase", GIT),
    run("erase", { ...GIT, username: "ada", password: "a password from elsewhere" }),
  ]);
  expect(elsewhere).toEqual(elsewhere.map(() => NOTHING));
});

it("gives no token to a server without TLS", async () => {
  const { run } = await scene();
  for (const host of ["git.example.com", "localhost.example.com", "127.0.0.1.example.com:80"]) {
    const { code, stdout, stderr } = await run("get", { protocol: "http", host });
    expect({ code, stdout }).toEqual({ code: EXIT.ok, stdout: "" });
    expect(stderr).toContain("https only");
  }
});

it("reports an erased token as rejected, so that the next one is newer", async () => {
  const { stage, connectionId, run } = await scene();
  const before = await stage.token(connectionId);
  await stage.clock.leap(HOUR / 4);
  expect(await run("erase", { ...GIT, username: "oauth2", password: before.at("access_token") })).toEqual(NOTHING);
  const { stdout } = await run("get", GIT);
  const after = await stage.token(connectionId);
  expect(after.body).toMatchObject({ generation: 2 });
  expect(stdout).toContain(`password=${after.at("access_token")}\n`);
  // Whoever is late with the former one reports what is over.
  await run("erase", { ...GIT, username: "oauth2", password: before.at("access_token") });
  expect((await stage.token(connectionId)).body).toMatchObject({ generation: 2 });
});

it("tells git to quit when there is no token, and says why", async () => {
  const { stage, connectionId, run } = await scene();
  const unset = await run("get", GIT, "--url", "ftp://example.com");
  expect(unset).toMatchObject({ code: EXIT.usage, stdout: "quit=true\n" });
  await stage.sandbox.control.revokeUser("alice");
  await stage.clock.leap(2 * HOUR);
  const revoked = await run("get", GIT);
  expect(revoked).toMatchObject({ code: EXIT.reauthorization_required, stdout: "quit=true\n" });
  expect(revoked.stderr).toContain(`/reauthorize/${connectionId}.`);
});

it("exits with 2 for what is no description of a credential", async () => {
  const { run } = await scene();
  const outcomes = await Promise.all([
    run("get", "https://git.example.com\n"),
    run("get", `host=${"h".repeat(1_000_001)}\n`),
  ]);
  for (const { code, stdout, stderr } of outcomes) {
    expect({ code, stdout }).toEqual({ code: EXIT.usage, stdout: "" });
    expect(stderr).toContain("git-credential(1)");
  }
});

async function scene() {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  const run = (operation: string, said: Record<string, string> | string, ...options: string[]) =>
    evergrant(
      ["git-credential", "--connection", connectionId, ...options, operation],
      clientEnvironment(stage),
      typeof said === "string" ? said : lines(said),
    );
  return { stage, connectionId, run };
}

function lines(attributes: Record<string, string>): string {
  return `${Object.entries(attributes)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n")}\n\n`;
}
