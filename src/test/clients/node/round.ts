// What a client program does with the types of openapi-typescript, from the first account to the last event.
// Arguments: the API's URL and key, the client to act as, a webhook of its with a delivery.
import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { components, paths } from './mailbell.js';

type Schemas = components['schemas'];

const [url, key, tenant, webhookId] = process.argv.slice(2);
const api = createClient<paths>({
  baseUrl: url,
  headers: { Authorization: `Bearer ${key}`, 'Mailbell-Client': tenant },
});

function request(ref: string | null, host = 'imap.example.org'): Schemas['AccountRequest'] {
  return {
    ref,
    address: 'ann@example.org',
    mail: { protocol: 'imap', host, security: 'tls', password: 's3cret-word' },
    labels: { plan: 'pro', 'team/a': 'x:y z' },
  };
}

/** The answer's body, or a failure that shows the problem. */
async function answered<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  assert.ok(response.ok, `${response.status} ${JSON.stringify(error)}`);
  return data as T;
}

/** Compiles only while every type of event is told apart by its `type`. */
function about(event: Schemas['FeedEvent']): string {
  switch (event.type) {
    case 'mail.new':
    case 'mailbox.baseline':
    case 'mailbox.reset':
      return `${event.data.mailbox} ${event.data.newCount.toFixed()} ${event.data.mark.uidValidity}`;
    case 'account.connected':
    case 'account.retrying':
    case 'account.parked':
    case 'account.recovered':
      return `${event.data.state} ${event.data.failure?.code}`;
    case 'account.stale':
      return `${event.data.interval} ${event.data.checkedAt}`;
    case 'webhook.failing':
      return `${event.data.failures.toFixed()} ${event.data.lastError}`;
    case 'delivery.failed':
      return `${event.data.count.toFixed()} ${event.data.lastDeliveryId}`;
    case 'canary.late':
      return `${event.data.reason} ${event.data.misses.toFixed()}`;
    case 'webhook.disabled':
      return `${event.data.reason} ${event.data.failures.toFixed()}`;
    default: {
      const none: never = event;
      return none;
    }
  }
}

const works = await answered(api.POST('/v1/accounts/verify', { body: request(null) }));
assert.equal(works.ok, true);
assert.equal(works.mailboxes?.[0].uidValidity, 1713632002544);
const fails = await answered(
  api.POST('/v1/accounts/verify', { body: request(null, 'fails.example.org') }),
);
assert.equal(fails.ok, false);
assert.equal(fails.failure?.code, 'auth_failed');

const account = await answered(
  api.POST('/v1/accounts', {
    params: { header: { 'Idempotency-Key': 'key-1' } },
    body: request('round'),
  }),
);
assert.equal(account.state, 'connecting');
assert.equal(account.failure, null);
const taken = await api.POST('/v1/accounts', { body: request('round') });
assert.equal(taken.response.status, 409);
assert.equal(taken.error?.type, 'urn:mailbell:problem:ref-taken');

const { results } = await answered(
  api.POST('/v1/accounts/batch', { body: { accounts: [request('batch'), request('round')] } }),
);
assert.deepEqual(results.map((result) => result.status), [201, 409]);
assert.equal(results[0].account?.ref, 'batch');
assert.equal(results[1].problem?.errors?.[0].field, 'ref');

const first = await answered(
  api.GET('/v1/accounts', {
    params: { query: { limit: 1, state: 'connecting', label: ['plan:pro', 'team/a:x:y z'] } },
  }),
);
assert.deepEqual(first.items.map((item) => item.id), [account.id]);
const second = await answered(
  api.GET('/v1/accounts', {
    params: { query: { cursor: first.nextCursor ?? undefined, label: ['plan:pro'] } },
  }),
);
assert.deepEqual(second.items.map((item) => item.ref), ['batch']);
assert.equal(second.nextCursor, null);

const path = { id: account.id };
const changed = await answered(
  api.PATCH('/v1/accounts/{id}', {
    params: { path },
    body: {
      ref: null,
      mail: { port: 1993, password: 'another', tls: { verify: true } },
      labels: { plan: null },
    },
  }),
);
assert.equal(changed.mail.port, 1993);
assert.equal(changed.ref, null);
assert.deepEqual(changed.labels, { 'team/a': 'x:y z' });

const checked = await answered(api.POST('/v1/accounts/{id}/check', { params: { path } }));
assert.equal(checked.mailboxes[0].newCount, 2);
const unseen = await answered(api.GET('/v1/accounts/{id}/mailboxes', { params: { path } }));
assert.equal(unseen.items[0].total, null);
const inbox = { params: { path: { id: account.id, name: 'INBOX' } } };
const seen = await answered(
  api.PUT('/v1/accounts/{id}/mailboxes/{name}/position', {
    ...inbox,
    body: { uid: '30', uidValidity: 4294967295 },
  }),
);
assert.equal(seen.notified?.uid, '39');
const everything = await answered(
  api.PUT('/v1/accounts/{id}/mailboxes/{name}/position', { ...inbox, body: { all: true } }),
);
assert.equal(everything.client?.maxId, 27);

const said = new Map<Schemas['EventType'], string>();
let after: string | undefined;
do {
  const page: Schemas['EventPage'] = await answered(
    api.GET('/v1/events', { params: { query: { after, limit: 3 } } }),
  );
  for (const event of page.items) {
    if (!said.has(event.type)) said.set(event.type, about(event));
  }
  after = page.nextCursor ?? undefined;
} while (after !== undefined);
assert.equal(said.size, 12);
assert.equal(said.get('mail.new'), 'INBOX 2 4294967295');
assert.equal(said.get('account.parked'), 'parked auth_failed');
assert.equal(said.get('webhook.disabled'), 'gone 1');

const webhook = await answered(
  api.POST('/v1/webhooks', {
    body: { url: 'https://example.org/hooks', events: ['mail.new', 'webhook.disabled'] },
  }),
);
assert.match(webhook.secret, /^whsec_/);
const hook = { params: { path: { id: webhook.id } } };
const disabled = await answered(
  api.PATCH('/v1/webhooks/{id}', { ...hook, body: { events: ['*'], state: 'disabled' } }),
);
assert.equal(disabled.state, 'disabled');
const attempt = await answered(api.POST('/v1/webhooks/{id}/test', hook));
assert.equal(attempt.statusCode, 500);
await answered(api.DELETE('/v1/webhooks/{id}', hook));

const log = await answered(
  api.GET('/v1/webhooks/{id}/deliveries', {
    params: { path: { id: webhookId }, query: { status: 'pending' } },
  }),
);
assert.deepEqual(log.items.map((item) => item.eventType), ['mail.new']);
const delivery = await answered(
  api.GET('/v1/deliveries/{id}', { params: { path: { id: log.items[0].id } } }),
);
assert.equal(delivery.attempts[0].statusCode, 503);

await answered(api.DELETE('/v1/accounts/{id}', { params: { path } }));
const gone = await api.GET('/v1/accounts/{id}', { params: { path } });
assert.equal(gone.response.status, 404);
console.log('the round is made');
