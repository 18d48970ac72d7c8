package dev.mailbell.ui;

import dev.mailbell.api.HttpCaller;
import dev.mailbell.api.TestApi;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.transcript.TranscriptLine;
import dev.mailbell.mail.transcript.TranscriptLine.Speaker;
import dev.mailbell.watch.AccountCommands.Live;
import dev.mailbell.watch.AccountCommands.ModeReason;
import dev.mailbell.watch.admission.CheckTrigger;
import dev.mailbell.watch.history.PastCheck;
import dev.mailbell.watch.history.PastCheck.Result;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An account whose new mail was found, and not announced, because its receiver refuses it. */
final class AccountStory {
    final String client;
    final String account;
    final String quiet;
    private final TestUi ui;

    AccountStory(TestUi ui) {
        this.ui = ui;
        client = ui.api.newClient();
        HttpCaller caller = ui.api.callerOf(client, "read", "write");
        account = register(caller, "story");
        quiet = register(caller, "quiet");
        String webhook =
                TestApi.idOf(
                        caller.post(
                                "/v1/webhooks",
                                "{\"url\": \"https://crm.example.net/inbox\", \"events\": [\"mail.new\"]}"));
        ui.api
                .database
                .jdbi()
                .useHandle(handle -> {
                    handle.execute(
                            """
                            update account set state = 'watching', last_checked_at = now() - interval '40 seconds'
                            where client_id = ?::uuid\
                            """,
                            client);
                    handle.execute(
                            """
                            update mailbox set version = 7, total = 12, top_uid = '412', uid_validity = 1713632002, uid_next = 413,
                                pending = 3, client_max_id = 9, client_uid = '409', client_uid_validity = 1713632002
                            where account_id = ?::uuid\
                            """,
                            account);
                    handle.execute(
                            """
                            update webhook set state = 'failing', healthy = false, failures = 6, failing_since = now() - interval '9 minutes',
                                last_error = 'answered 503'
                            where id = ?::uuid\
                            """,
                            webhook);
                    handle.execute(
                            """
                            insert into event (id, client_id, account_id, type, created_at, payload)
                            values ('01920000-0000-7000-8000-000000000001', ?::uuid, ?::uuid, 'mail.new', now() - interval '9 minutes',
                                '{"type":"mail.new","data":{"mailbox":"INBOX","newCount":2,"envelopes":[{"subject":"Invoice 4711"}]}}')\
                            """,
                            client,
                            account);
                    handle.execute(
                            """
                            insert into delivery (id, webhook_id, event_id, account_id, mailbox, shard, status, attempts, next_attempt_at,
                                last_status, last_error, created_at)
                            values ('01920000-0000-7000-8000-000000000002', ?::uuid, '01920000-0000-7000-8000-000000000001', ?::uuid,
                                'INBOX', 0, 'pending', 6, now() + interval '5 minutes', 503, 'answered 503', now() - interval '9 minutes')\
                            """,
                            webhook,
                            account);
                });
        Instant now = Instant.now();
        ui.api.watch.past = pastChecks(now);
        ui.api.watch.live =
                new Live(
                        "idle",
                        "status",
                        now.minusSeconds(40),
                        now.plusSeconds(500),
                        ModeReason.PUSHED);
    }

    private static String register(HttpCaller caller, String ref) {
        return TestApi.idOf(
                caller.post(
                        "/v1/accounts",
                        TestApi.imap(ref).replace("ann@example.org", ref + "@example.org")));
    }

    private static List<PastCheck> pastChecks(Instant now) {
        return List.of(
                check(Result.NOTHING, CheckTrigger.SAFETY, now, 40, 57, 500, 0, null, null),
                check(Result.MAIL, CheckTrigger.IDLE, now, 540, 1, 540, 2, null, null),
                check(Result.NOTHING, CheckTrigger.POLL, now, 600, 12, 2_400, 0, null, null),
                check(
                        Result.FAILED,
                        CheckTrigger.POLL,
                        now,
                        2_500,
                        3,
                        2_700,
                        0,
                        FailureCode.TIMEOUT,
                        "imap.example.org:993 did not answer in time"));
    }

    private static PastCheck check(
            Result result,
            CheckTrigger trigger,
            Instant now,
            int ago,
            int times,
            int firstAgo,
            int newCount,
            @Nullable FailureCode code,
            @Nullable String message) {
        return new PastCheck(
                result,
                trigger,
                now.minusSeconds(ago),
                120 + ago % 100,
                times,
                now.minusSeconds(firstAgo),
                newCount,
                code,
                message);
    }

    /** A dialogue as a mail server leads it. */
    static List<TranscriptLine> dialogue() {
        return List.of(
                line(0, Speaker.NOTE, "logs out of the session that has been open for 540 s"),
                line(1, Speaker.CLIENT, "D9 LOGOUT"),
                line(24, Speaker.SERVER, "* BYE Logging out"),
                line(24, Speaker.SERVER, "D9 OK Logout completed."),
                line(25, Speaker.NOTE, "closes the connection"),
                line(26, Speaker.NOTE, "connects to imap.example.org:993"),
                line(49, Speaker.NOTE, "connected"),
                line(
                        97,
                        Speaker.NOTE,
                        "TLSv1.3, TLS_AES_256_GCM_SHA384; certificate of CN=imap.example.org by CN=R12,O=Example"
                                + " CA, valid until 2027-01-20"),
                line(
                        121,
                        Speaker.SERVER,
                        "* OK [CAPABILITY IMAP4rev1 SASL-IR LITERAL+ ID ENABLE IDLE AUTH=PLAIN] Ready."),
                line(122, Speaker.CLIENT, "A0 LOGIN [user name and password not shown]"),
                line(
                        171,
                        Speaker.SERVER,
                        "A0 OK [CAPABILITY IMAP4rev1 IDLE ESEARCH UIDPLUS NOTIFY] Logged in"),
                line(172, Speaker.CLIENT, "A1 EXAMINE INBOX"),
                line(196, Speaker.SERVER, "* 12 EXISTS"),
                line(196, Speaker.SERVER, "* OK [UIDVALIDITY 1713632002] UIDs valid"),
                line(196, Speaker.SERVER, "* OK [UIDNEXT 413] Predicted next UID"),
                line(197, Speaker.SERVER, "A1 OK [READ-ONLY] Examine completed."));
    }

    private static TranscriptLine line(long offset, Speaker speaker, String text) {
        return new TranscriptLine(offset, speaker, text);
    }

    String path() {
        return "/ui/accounts/" + account;
    }

    String state() {
        return HttpCaller.json(ui.api.callerOf(client, "read").get("/v1/accounts/" + account))
                .required("state")
                .stringValue();
    }
}
