// IDLE on N mailboxes, each EXISTS straight to a POST: no state, no look, no store.
// What it is told by the environment is listed in ../README.md.
import { ImapFlow } from 'imapflow';
import { Pool } from 'undici';

function needed(name) {
  const value = process.env[name];
  if (!value) {
    console.error(`${name} is not set: run this by bench/run, or see bench/README.md`);
    process.exit(2);
  }
  return value;
}

const hosts = needed('BENCH_IMAP_HOSTS').split(',');
const port = Number(needed('BENCH_IMAP_PORT'));
const secure = process.env.BENCH_TLS === 'true';
const mailboxes = Number(needed('BENCH_MAILBOXES'));
const receiver = new URL(needed('BENCH_RECEIVER'));
const pool = new Pool(receiver.origin, { connections: 32 });

async function post(mailbox, count) {
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: receiver.pathname,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ mailbox, count }),
  });
  await body.dump();
  if (statusCode >= 300) console.error(`${mailbox}: the receiver answered ${statusCode}`);
}

async function watch(i) {
  const mailbox = `user${i}@bench.local`;
  const client = new ImapFlow({
    host: hosts[i % hosts.length],
    port,
    secure,
    doSTARTTLS: false,
    tls: { rejectUnauthorized: false },
    auth: { user: mailbox, pass: 'secret' },
    logger: false,
  });
  client.on('error', (e) => console.error(`${mailbox}: ${e.message}`));
  client.on('close', () => console.error(`${mailbox}: the connection is closed`));
  client.on('exists', ({ count, prevCount }) => {
    if (count > prevCount) post(mailbox, count - prevCount).catch((e) => console.error(`${mailbox}: ${e.message}`));
  });
  await client.connect();
  await client.mailboxOpen('INBOX');
  // At once; imapflow itself would wait for some seconds first. What ends this IDLE, it begins again by itself.
  client.idle().catch((e) => console.error(`${mailbox}: ${e.message}`));
}

// 64 logins at a time: thousands at once only wait for each other.
let next = 0;
const logIn = async () => {
  while (next < mailboxes) await watch(next++);
};
await Promise.all(Array.from({ length: 64 }, logIn));
console.log('ready');
