import { expect, test } from "vitest";
import { openStage } from "../stage/stage.ts";
import { openHome, PATIENCE, recipe } from "./recipe.ts";

test(
  "curl asks an API with a token from a pipe, and with one from a variable",
  async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    const home = await openHome(stage);
    const api = `${stage.sandbox.url}/api/files`;
    const script = recipe("curl, and commands that want a variable", {
      "https://api.example.com/files": api,
      "con_…": connectionId,
    });
    const authorization = `Bearer ${(await stage.token(connectionId)).at("access_token")}`;
    const page = await (await fetch(api, { headers: { authorization } })).text();
    expect(await home.run("sh", ["-e", "-c", script])).toEqual({ code: 0, stdout: page + page, stderr: "" });
  },
  PATIENCE,
);
