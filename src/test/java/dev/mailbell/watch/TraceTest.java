package dev.mailbell.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.Ports;
import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.scripted.FakeImap;
import dev.mailbell.mail.transcript.TranscriptLine;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.AccountCommands.Traced;
import dev.mailbell.watch.history.PastCheck;
import dev.mailbell.watch.history.PastCheck.Result;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Checks with their dialogue, and how past checks went, over a whole watch. */
class TraceTest {
    private static final String YAML =
            """
            network: { allowPrivate: [127.0.0.0/8], allowCleartext: [127.0.0.1] }
            polling: { imap: { safetyInterval: 9m }, loginsPerSecond: 1000 }
            """;

    private final FakeImap server = new FakeImap();
    private final WatchKit kit = new WatchKit(YAML);

    @AfterEach
    void close() throws Exception {
        kit.close();
        server.close();
    }

    private Account idling() {
        kit.start();
        Account account = kit.register(server.port(), "ann");
        await().until(() -> server.idling() == 1);
        await().until(() -> kit.mode(account).equals("idle"));
        return account;
    }

    private Traced trace(Account account, boolean anew) {
        return kit.watch().trace(account, anew, kit.watch().deadline());
    }

    private static List<String> texts(Traced traced) {
        return traced.lines().stream().map(TranscriptLine::text).toList();
    }

    private static String all(Traced traced) {
        return String.join("\n", texts(traced));
    }

    @Test
    void an_account_that_waits_for_push_is_traced_on_its_session_and_waits_again() {
        Account account = idling();
        Traced traced = trace(account, false);
        assertThat(traced.code()).isNull();
        assertThat(traced.checked())
                .singleElement()
                .satisfies(inbox -> assertThat(inbox.name()).isEqualTo("INBOX"));
        assertThat(texts(traced).getFirst()).startsWith("goes on with the session");
        assertThat(all(traced)).contains("EXAMINE INBOX", "* 0 EXISTS").doesNotContain("LOGIN");
        assertThat(server.logins()).hasSize(1);
        await().until(() -> server.idling() == 1);
        server.deliver("ann");
        await().until(() -> kit.announced(account) == 1);
    }

    @Test
    void a_trace_by_a_new_connection_shows_the_login_and_push_goes_on() {
        Account account = idling();
        Traced traced = trace(account, true);
        assertThat(all(traced))
                .contains(
                        "logs out of the session",
                        "LOGOUT",
                        "closes the connection",
                        "connects to 127.0.0.1:" + server.port(),
                        "connected",
                        "* OK [CAPABILITY IMAP4rev1",
                        "LOGIN [user name and password not shown]",
                        "OK done")
                .doesNotContain("s3cret-word");
        assertThat(traced.lines())
                .extracting(TranscriptLine::offsetMillis)
                .isSorted()
                .allSatisfy(offset -> assertThat(offset).isNotNegative());
        assertThat(server.logins()).hasSize(2);
        assertThat(server.mostSessionsOfOneUser()).isEqualTo(1);
        await().until(() -> server.idling() == 1);
        server.deliver("ann");
        await().until(() -> kit.announced(account) == 1);
        assertThat(trace(account, false).lines()).hasSizeGreaterThan(2);
    }

    @Test
    void what_a_trace_finds_is_announced_once() {
        Account account = idling();
        server.behave(
                new FakeImap.Behavior() {
                    @Override
                    public boolean isSilent() {
                        return true;
                    }
                });
        server.deliver("ann");
        Traced traced = trace(account, false);
        assertThat(traced.checked().getFirst().newCount()).isEqualTo(1);
        assertThat(kit.announced(account)).isEqualTo(1);
        assertThat(kit.watch().pastChecks(account.id()))
                .anySatisfy(past -> {
                    assertThat(past.result()).isEqualTo(Result.MAIL);
                    assertThat(past.newCount()).isEqualTo(1);
                    assertThat(past.trigger().wireName()).isEqualTo("check");
                });
    }

    @Test
    void a_refused_login_is_traced_and_in_the_history() {
        server.behave(
                new FakeImap.Behavior() {
                    @Override
                    public String refusal() {
                        return "[AUTHENTICATIONFAILED] s3cret-word is wrong";
                    }
                });
        kit.start();
        Account account = kit.register(server.port(), "ann");
        await().until(() ->
                kit.accounts.find(account.id()).orElseThrow().state() == AccountState.PARKED);
        Traced traced = trace(account, false);
        assertThat(traced.code()).isEqualTo(FailureCode.AUTH_FAILED);
        assertThat(traced.checked()).isEmpty();
        assertThat(all(traced))
                .contains("LOGIN [user", "NO [AUTHENTICATIONFAILED]", "auth_failed: ")
                .doesNotContain("s3cret-word");
        PastCheck past = kit.watch().pastChecks(account.id()).getFirst();
        assertThat(past.result()).isEqualTo(Result.FAILED);
        assertThat(past.code()).isEqualTo(FailureCode.AUTH_FAILED);
        assertThat(past.times()).isGreaterThanOrEqualTo(2);
        assertThat(past.message()).isNotNull().doesNotContain("s3cret-word");
    }

    @Test
    void a_connection_that_is_refused_is_traced() {
        try (Ports.Closed closed = new Ports.Closed()) {
            kit.start();
            Account account = kit.register(closed.port(), "ann");
            Traced traced = trace(account, false);
            assertThat(traced.code()).isEqualTo(FailureCode.CONNECT_FAILED);
            assertThat(texts(traced)).first().isEqualTo("connects to 127.0.0.1:" + closed.port());
            assertThat(texts(traced)).last().asString().startsWith("connect_failed: ");
        }
    }

    /** Takes 6 s: what the server has of the deadline, by which it must have heard the login. */
    @Test
    void a_server_that_falls_silent_is_traced_up_to_its_silence() {
        Account account = idling();
        CountDownLatch over = new CountDownLatch(1);
        server.behave(
                new FakeImap.Behavior() {
                    @Override
                    public boolean goesOn(String user, String moment) {
                        return !moment.equals("command LOGIN") || !isOver(over);
                    }
                });
        Traced traced = kit.watch().trace(account, true, Deadline.after(Duration.ofSeconds(8)));
        over.countDown();
        assertThat(traced.code()).isEqualTo(FailureCode.TIMEOUT);
        assertThat(all(traced))
                .contains(
                        "* OK [CAPABILITY",
                        "LOGIN [user name and password not shown]",
                        "timeout: ");
    }

    private static boolean isOver(CountDownLatch over) {
        try {
            over.await();
            return true;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void a_pop3_session_is_traced_from_the_greeting_to_the_end() throws Exception {
        try (LockingPop3 pop3 = new LockingPop3()) {
            kit.start();
            Account account = kit.storePop3(pop3.port(), "ann");
            kit.watch().watch(account);
            Traced traced = trace(account, false);
            assertThat(traced.code()).isNull();
            assertThat(all(traced))
                    .contains("+OK ready", "USER ann", "PASS [not shown]", "QUIT")
                    .doesNotContain("s3cret-word");
            assertThat(pop3.lockedOut).hasValue(0);
        }
    }

    @Test
    void a_change_of_the_account_keeps_how_its_checks_went_and_its_end_does_not() {
        Account account = idling();
        server.deliver("ann");
        await().until(() -> results(account).contains(Result.MAIL));
        assertThat(
                        kit.accounts.change(
                                account.clientId(),
                                account.id(),
                                before -> before.switched(AccountState.CONNECTING, kit.now())))
                .isPresent();
        kit.watch().changed(List.of(account.id()));
        await().until(() -> server.logins().size() == 2);
        assertThat(results(account)).contains(Result.MAIL);
        kit.watch().forget(account.id());
        assertThat(results(account)).isEmpty();
    }

    private List<Result> results(Account account) {
        return kit.watch().pastChecks(account.id()).stream().map(PastCheck::result).toList();
    }
}
