// Lists the files of one account, in a process that keeps its connections alive itself: no service runs beside it.
//   node build/examples/in-process/list-files.js con_... https://api.example.com/files
import { createService, ServiceError } from "evergrant";

const [connectionId = "", url = ""] = process.argv.slice(2);
const evergrant = await createService(process.env, { log: process.stderr });
try {
  const { accessToken } = await evergrant.accessToken(connectionId);
  const response = await fetch(url, { headers: { authorization: `Bearer ${accessToken.reveal()}` } });
  process.stdout.write(`${response.status} ${await response.text()}\n`);
} catch (error) {
  if (!(error instanceof ServiceError)) throw error;
  process.stdout.write(`${error.code} ${error.facts.reauthorizationUrl ?? error.message}\n`);
} finally {
  await evergrant.close();
}
