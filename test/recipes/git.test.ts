import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { HOUR } from "../../src/runtime/clock.ts";
import { openStage } from "../stage/stage.ts";
import { createBearerCheck } from "./bearer-check.ts";
import { startGitServer } from "./git-server.ts";
import { openHome, PATIENCE, recipe } from "./recipe.ts";

test(
  "git clones, pushes and fetches beyond the end of a token, has a refused one replaced, and shows the link",
  async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    const check = createBearerCheck(stage);
    const home = await openHome(stage);
    const origin = await startGitServer(join(home.folder, "repositories"), check);
    const identity = "[user]\n\tname = Ada\n\temail = ada@example.com\n";
    const credential = recipe("git", { "https://git.example.com": origin, "con_…": connectionId });
    writeFileSync(join(home.folder, ".gitconfig"), identity + credential);
    mkdirSync(join(home.folder, "repositories"));
    const git = (...args: string[]) => home.run("git", args);
    const inClone = (...args: string[]) => git("-C", "clone", ...args);

    await git("init", "--quiet", "--bare", "repositories/work.git");
    expect(await git("clone", "--quiet", `${origin}/work.git`, "clone")).toMatchObject({ code: 0 });
    await inClone("commit", "--quiet", "--allow-empty", "-m", "First");
    expect(await inClone("push", "--quiet", "origin", "HEAD:main")).toEqual({ code: 0, stdout: "", stderr: "" });

    await stage.clock.leap(2 * HOUR);
    expect(await inClone("fetch", "--quiet")).toEqual({ code: 0, stdout: "", stderr: "" });
    expect((await inClone("log", "--format=%s", "origin/main")).stdout).toBe("First\n");

    await stage.clock.leap(HOUR / 4);
    check.refuse((await stage.token(connectionId)).at("access_token"));
    const refused = await inClone("fetch", "--quiet");
    expect(refused.stderr).toContain("Authentication failed");
    expect(await inClone("fetch", "--quiet")).toEqual({ code: 0, stdout: "", stderr: "" });

    await stage.sandbox.control.revokeUser("alice");
    await stage.clock.leap(2 * HOUR);
    const revoked = await inClone("fetch", "--quiet");
    expect(revoked.code).toBe(128);
    expect(revoked.stderr).toContain(
      `The account's user has to sign in again: ${stage.settings.publicUrl}/reauthorize/`,
    );
    expect(revoked.stderr).toContain("told us to quit");
  },
  PATIENCE,
);
