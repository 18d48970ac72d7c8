"""What a client program does with a generated client, from the first account to the last event.

Arguments: the API's URL and key, the client to act as, a webhook of its with a delivery.
The same for both generators: "python" (pydantic 2) and "python-pydantic-v1".
"""

import sys

import mailbell_client as mailbell


def request(ref, host="imap.example.org"):
    return mailbell.AccountRequest(
        ref=ref,
        address="ann@example.org",
        mail=mailbell.MailRequest(
            protocol=mailbell.MailProtocol.IMAP,
            host=host,
            security=mailbell.MailSecurity.TLS,
            password="s3cret-word",
        ),
        labels={"plan": "pro", "team/a": "x:y z"},
    )


def expect(actual, expected):
    if actual != expected:
        raise AssertionError(f"expected {expected!r} but was {actual!r}")


def refused(status, call):
    try:
        call()
    except mailbell.ApiException as problem:
        expect(problem.status, status)
        return
    raise AssertionError(f"was not refused with {status}")


def verify(accounts, tenant):
    works = accounts.verify_account(request(None), mailbell_client=tenant)
    expect(works.ok, True)
    expect(works.mailboxes[0].total, 33)
    expect(works.mailboxes[0].uid_validity, 1713632002544)
    expect(works.failure, None)
    fails = accounts.verify_account(request(None, "fails.example.org"), mailbell_client=tenant)
    expect(fails.ok, False)
    expect(fails.failure.code, mailbell.FailureCode.AUTH_FAILED)


def register(accounts, tenant):
    account = accounts.register_account(
        request("round"), mailbell_client=tenant, idempotency_key="key-1"
    )
    expect(account.state, mailbell.AccountState.CONNECTING)
    expect(account.failure, None)
    expect(account.mode, None)
    expect(account.labels["team/a"], "x:y z")
    again = accounts.register_account(
        request("round"), mailbell_client=tenant, idempotency_key="key-1"
    )
    expect(again.id, account.id)
    refused(409, lambda: accounts.register_account(request("round"), mailbell_client=tenant))
    return account


def batch(accounts, tenant):
    results = accounts.register_accounts(
        mailbell.BatchRequest(accounts=[request("batch"), request("round")]),
        mailbell_client=tenant,
    ).results
    expect([result.status for result in results], [201, 409])
    expect(results[0].account.ref, "batch")
    expect(results[1].problem.errors[0].to_dict()["field"], "ref")


def listing(accounts, tenant, account):
    first = accounts.list_accounts(
        mailbell_client=tenant,
        limit=1,
        state=mailbell.AccountState.CONNECTING,
        host="imap.example.org",
        label=["plan:pro", "team/a:x:y z"],
    )
    expect([item.id for item in first.items], [account.id])
    second = accounts.list_accounts(
        mailbell_client=tenant, cursor=first.next_cursor, label=["plan:pro"]
    )
    expect([item.ref for item in second.items], ["batch"])
    expect(second.next_cursor, None)
    expect(accounts.list_accounts(mailbell_client=tenant, label=["plan:free"]).items, [])


def change(accounts, tenant, account):
    patch = mailbell.AccountPatch(
        ref=None,
        mail=mailbell.MailPatch(
            port=1993, password="another", tls=mailbell.TlsRequest(verify=True)
        ),
        labels={"plan": "free"},
    )
    changed = accounts.change_account(str(account.id), patch, mailbell_client=tenant)
    expect(changed.mail.port, 1993)
    expect(changed.labels, {"plan": "free", "team/a": "x:y z"})
    expect(changed.ref, None)
    read = accounts.get_account(str(account.id), mailbell_client=tenant)
    expect(read.mail.host, "imap.example.org")


def mailbox(mailboxes, tenant, account):
    id = str(account.id)
    expect(mailboxes.check_account(id, mailbell_client=tenant).mailboxes[0].new_count, 2)
    unseen = mailboxes.list_mailboxes(id, mailbell_client=tenant).items[0]
    expect((unseen.total, unseen.notified), (None, None))
    seen = mailboxes.set_position(
        id,
        "INBOX",
        mailbell.PositionRequest(uid="30", uidValidity=4294967295),
        mailbell_client=tenant,
    )
    expect((seen.notified.uid, seen.pending_count), ("39", 4))
    everything = mailboxes.set_position(
        id, "INBOX", mailbell.PositionRequest(all=True), mailbell_client=tenant
    )
    expect(everything.client.max_id, 27)


def events(api, tenant):
    found = {}
    after = None
    while True:
        page = api.list_events(mailbell_client=tenant, after=after, limit=3)
        for item in page.items:
            event = item.actual_instance
            found.setdefault(event.type.value, event)
        after = page.next_cursor and str(page.next_cursor)
        if after is None:
            break
    expect(
        set(found), {t.value for t in mailbell.EventType} - {mailbell.EventType.WEBHOOK_DOT_TEST.value}
    )
    mail = found["mail.new"]
    expect(type(mail), mailbell.MailboxFeedEvent)
    expect((mail.data.new_count, mail.data.mark.uid_validity), (2, 4294967295))
    expect([envelope.subject for envelope in mail.data.envelopes], ["Ελληνικά", None])
    parked = found["account.parked"]
    expect(type(parked), mailbell.AccountFeedEvent)
    expect(parked.data.failure.code, mailbell.FailureCode.AUTH_FAILED)
    expect(found["account.connected"].data.failure, None)
    disabled = found["webhook.disabled"]
    expect(type(disabled), mailbell.WebhookDisabledFeedEvent)
    expect(disabled.data.reason, mailbell.WebhookDisabledReason.GONE)
    arrived = api.list_events(
        mailbell_client=tenant, type=mailbell.EventType.MAIL_DOT_NEW
    )
    expect(len(arrived.items), 2)


def webhook(webhooks, tenant):
    created = webhooks.create_webhook(
        mailbell.WebhookRequest(
            url="https://example.org/hooks",
            events=[
                mailbell.EventSelector.MAIL_DOT_NEW,
                mailbell.EventSelector.WEBHOOK_DOT_DISABLED,
            ],
        ),
        mailbell_client=tenant,
    )
    expect(created.secret.startswith("whsec_"), True)
    expect((created.state, created.accounts), (mailbell.WebhookState.ENABLED, None))
    id = str(created.id)
    changed = webhooks.change_webhook(
        id,
        mailbell.WebhookPatch(
            events=[mailbell.EventSelector("*")], state=mailbell.WebhookSwitch.DISABLED
        ),
        mailbell_client=tenant,
    )
    expect(changed.state, mailbell.WebhookState.DISABLED)
    attempt = webhooks.test_webhook(id, mailbell_client=tenant)
    expect((attempt.status_code, attempt.delivered), (500, False))
    webhooks.remove_webhook(id, mailbell_client=tenant)


def deliveries(webhooks, tenant, id):
    page = webhooks.list_deliveries(
        id, mailbell_client=tenant, status=mailbell.DeliveryStatus.PENDING
    )
    expect([item.event_type for item in page.items], [mailbell.EventType.MAIL_DOT_NEW])
    delivery = webhooks.get_delivery(str(page.items[0].id), mailbell_client=tenant)
    expect(delivery.completed_at, None)
    expect([attempt.status_code for attempt in delivery.attempts], [503])


def main(url, key, tenant, webhook_id):
    configuration = mailbell.Configuration(host=url, access_token=key)
    with mailbell.ApiClient(configuration) as client:
        accounts = mailbell.AccountsApi(client)
        webhooks = mailbell.WebhooksApi(client)
        verify(accounts, tenant)
        account = register(accounts, tenant)
        batch(accounts, tenant)
        listing(accounts, tenant, account)
        change(accounts, tenant, account)
        mailbox(mailbell.MailboxesApi(client), tenant, account)
        events(mailbell.EventsApi(client), tenant)
        webhook(webhooks, tenant)
        deliveries(webhooks, tenant, webhook_id)
        accounts.remove_account(str(account.id), mailbell_client=tenant)
        refused(404, lambda: accounts.get_account(str(account.id), mailbell_client=tenant))
    print("the round is made")


if __name__ == "__main__":
    main(*sys.argv[1:])
