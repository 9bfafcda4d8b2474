// One of several processes of an application, which keeps its refresh token in a file that they share. Told by messages what to do.
import { readFile, rename, writeFile } from "node:fs/promises";
import { answerIn, LIBRARIES } from "./libraries.mjs";

process.on("message", (task) => void answer(task));

async function answer(task) {
  process.send({ failures: await refreshRepeatedly(task) });
}

async function refreshRepeatedly({ library, client, file, times }) {
  const refresh = await LIBRARIES[library](client);
  const failures = [];
  for (let done = 0; done < times; done++) {
    try {
      const { refreshToken } = await refresh(await readFile(file, "utf8"));
      await keep(file, refreshToken);
    } catch (error) {
      failures.push(answerIn(error).error ?? String(error));
    }
  }
  return failures;
}

/** Nobody reads half of it. */
async function keep(file, refreshToken) {
  const written = `${file}.${process.pid}`;
  await writeFile(written, refreshToken);
  await rename(written, file);
}
