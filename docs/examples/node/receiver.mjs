// A webhook receiver in Node with the official library: verifies each signature, takes each id once, prints.
//
// Usage: npm ci && node receiver.mjs whsec_... [port]     (listens on 127.0.0.1, port 8443 unless told)
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

if (!process.argv[2]?.startsWith("whsec_")) {
  console.error("usage: node receiver.mjs whsec_... [port]     (the secret that the webhook's registration answered)");
  process.exit(2);
}
const webhook = new Webhook(process.argv[2]);
const port = Number(process.argv[3] ?? 8443);
const mostBytes = 64 * 1024;
const seen = new Set(); // a real receiver keeps the ids where it keeps what it does with them

const server = createServer(async (request, response) => {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > mostBytes) {
      response.writeHead(413).end();
      return;
    }
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks).toString("utf8"); // as it came: parsing first would change it
  let event;
  try {
    event = webhook.verify(body, request.headers);
  } catch {
    response.writeHead(401).end();
    return;
  }
  const id = request.headers["webhook-id"];
  if (!seen.has(id)) {
    seen.add(id);
    console.log(JSON.stringify(event));
  }
  response.writeHead(204).end();
});

server.listen(port, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
