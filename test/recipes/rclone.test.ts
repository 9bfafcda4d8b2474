import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { request as send, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { expect, test } from "vitest";
import { HOUR } from "../../src/runtime/clock.ts";
import { startPageServer } from "../stage/page-server.ts";
import { openStage } from "../stage/stage.ts";
import { createBearerCheck } from "./bearer-check.ts";
import { openHome, PATIENCE, recipe } from "./recipe.ts";

test(
  "rclone copies to WebDAV beyond the end of a token, and shows the link",
  async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    const home = await openHome(stage);
    for (const name of ["here", "there"]) mkdirSync(join(home.folder, name));
    for (const name of ["a", "b", "c"]) writeFileSync(join(home.folder, "here", name), name);

    const check = createBearerCheck(stage);
    const statuses: number[] = [];
    let puts = 0;
    const dav = await home.start("rclone", ["serve", "webdav", "there", "--addr", "127.0.0.1:0"], /http:\/\/[\d.:]+\//);
    const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      response.on("finish", () => statuses.push(response.statusCode));
      // The token ends between the first file and the second.
      if (request.method === "PUT" && ++puts === 2) await stage.clock.leap(2 * HOUR);
      const [, token = ""] = /^Bearer (.+)$/.exec(request.headers.authorization ?? "") ?? [];
      if (await check.isGood(token)) passOn(dav[0], request, response);
      else response.writeHead(401).end();
    };
    const origin = await startPageServer((request, response) => void serve(request, response));
    const config = recipe("rclone", { "https://dav.example.com/files": origin, "con_…": connectionId });
    writeFileSync(join(home.folder, "rclone.conf"), config);
    const rclone = (...args: string[]) => home.run("rclone", ["--config", "rclone.conf", ...args]);

    const copied = await rclone("copy", "here", "files:", "--transfers", "1", "--checkers", "1");
    expect(copied).toMatchObject({ code: 0 });
    expect(readdirSync(join(home.folder, "there")).toSorted()).toEqual(["a", "b", "c"]);
    expect(statuses).toContain(401);

    await stage.sandbox.control.revokeUser("alice");
    await stage.clock.leap(2 * HOUR);
    const revoked = await rclone("lsf", "files:");
    expect(revoked.code).not.toBe(0);
    expect(revoked.stderr).toContain(
      `The account's user has to sign in again: ${stage.settings.publicUrl}/reauthorize/`,
    );
  },
  PATIENCE,
);

function passOn(target: string, request: IncomingMessage, response: ServerResponse): void {
  const { method, headers } = request;
  const onward = send(new URL(request.url ?? "", target), { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  request.pipe(onward);
}
