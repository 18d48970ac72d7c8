package dev.mailbell.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.event.EventType;
import dev.mailbell.mail.scripted.FakeImap;
import dev.mailbell.mail.scripted.ScriptedServer;
import dev.mailbell.watch.account.WatchedAccount;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whatever a server that pushes does or leaves undone, each message is announced once. */
class PushTest {
    private static final String YAML =
            """
            network: { allowPrivate: [127.0.0.0/8], allowCleartext: [127.0.0.1] }
            polling: { imap: { safetyInterval: 9m }, loginsPerSecond: 1000 }
            """;

    private final FakeImap server = new FakeImap();
    private WatchKit kit = new WatchKit(YAML);

    @BeforeEach
    void start() {
        kit.start();
    }

    /** From now on a server has two seconds to answer DONE. */
    private void expectIgnoredDone() throws InterruptedException {
        kit.close();
        kit = new WatchKit(YAML, Duration.ofSeconds(2));
        kit.start();
    }

    @AfterEach
    void close() throws Exception {
        kit.close();
        server.close();
    }

    private Account idling(String user) {
        Account account = kit.register(server.port(), user);
        await().until(() -> server.idling() == 1);
        await().until(() -> kit.mode(account).equals("idle"));
        return account;
    }

    private void announces(Account account, int messages) {
        await().pollInterval(Duration.ofMillis(5))
                .untilAsserted(() -> assertThat(kit.announced(account)).isEqualTo(messages));
    }

    @Test
    void what_a_server_pushes_is_announced() {
        Account account = idling("ann");
        server.deliver("ann");
        announces(account, 1);
        server.deliver("ann");
        server.deliver("ann");
        announces(account, 3);
        assertThat(kit.of(account, EventType.MAIL_NEW))
                .allSatisfy(event -> assertThat(event.payload()).contains("\"source\":\"idle\""));
        assertThat(server.logins()).hasSize(1);
    }

    @Test
    void mail_that_a_silent_server_does_not_push_is_found_by_the_safety_check() {
        Account account = idling("ann");
        server.behave(
                new FakeImap.Behavior() {
                    @Override
                    public boolean isSilent() {
                        return true;
                    }
                });
        server.deliver("ann");
        kit.pass(Duration.ofMinutes(10));
        announces(account, 1);
        assertThat(kit.of(account, EventType.MAIL_NEW).getFirst().payload())
                .contains("\"source\":\"safety\"");
        assertThat(server.logins()).hasSize(1);
        await().until(() -> server.idling() == 1);
    }

    @Test
    void mail_that_a_server_does_not_push_is_found_no_later_than_polling_would() {
        Account account = idling("ann");
        server.behave(
                new FakeImap.Behavior() {
                    @Override
                    public boolean isSilent() {
                        return true;
                    }
                });
        server.deliver("ann");
        kit.pass(Duration.ofMinutes(2));
        announces(account, 1);
        assertThat(server.logins()).hasSize(1);
        await().until(() -> server.idling() == 1);
    }

    /** So it is with mail that a program puts straight into the files of a folder at Dovecot. */
    @Test
    void mail_in_a_mailbox_that_notify_leaves_out_is_found_no_later_than_polling_would() {
        List<String> moments = new CopyOnWriteArrayList<>();
        server.behave(
                new FakeImap.Behavior() {
                    @Override
                    public boolean offersNotify() {
                        return true;
                    }

                    @Override
                    public boolean goesOn(String user, String moment) {
                        moments.add(moment);
                        return true;
                    }
                });
        kit.reload(YAML.replace("imap: {", "imap: { interval: 1m,"));
        Account account = kit.register(server.port(), "ann", List.of("INBOX", "Work"));
        await().until(() -> server.idling() == 1);
        assertThat(moments).containsOnlyOnce("answered NOTIFY");
        server.deliver("ann", "Work");
        kit.pass(Duration.ofMinutes(1));
        announces(account, 1);
        assertThat(kit.of(account, EventType.MAIL_NEW).getFirst().payload())
                .contains("\"mailbox\":\"Work\"", "\"source\":\"safety\"");
        assertThat(server.logins()).hasSize(1);
        await().until(() -> server.idling() == 1);
    }

    /** Nothing untagged comes back from the search without hits, as at iCloud. */
    @Test
    void a_message_that_only_goes_is_taken_note_of_and_the_next_one_is_announced()
            throws Exception {
        String script =
                """
                S: * OK [CAPABILITY IMAP4rev1 ESEARCH IDLE UNSELECT] ready
                C: {tag} LOGIN ann s3cret-word
                S: {tag} OK [CAPABILITY IMAP4rev1 ESEARCH IDLE UNSELECT] in
                C: {tag} EXAMINE INBOX
                S: * 3 EXISTS
                S: * OK [UIDVALIDITY 7] ok
                S: * OK [UIDNEXT 4] ok
                S: {tag} OK [READ-ONLY] done
                C: {tag} FETCH 3 (UID)
                S: * 3 FETCH (UID 3)
                S: {tag} OK done
                C: {tag} IDLE
                S: + idling
                S: * 1 EXPUNGE
                S: * 2 EXISTS
                C: DONE
                S: {tag} OK done
                C: {tag} UID SEARCH RETURN (ALL COUNT) UID 4:4294967295
                S: {tag} OK SEARCH completed
                C: {tag} FETCH 2 (UID)
                S: * 2 FETCH (UID 3)
                S: {tag} OK done
                C: {tag} IDLE
                S: + idling
                ! wait mail
                S: * 3 EXISTS
                C: DONE
                S: {tag} OK done
                C: {tag} UID SEARCH RETURN (ALL COUNT) UID 4:4294967295
                S: * ESEARCH (TAG "{tag}") UID COUNT 1 ALL 4
                S: {tag} OK SEARCH completed
                C: {tag} UID FETCH 4 (UID INTERNALDATE)
                S: {tag} OK done
                C: {tag} IDLE
                S: + idling
                C: DONE
                S: {tag} OK done
                C: {tag} LOGOUT
                S: * BYE see you
                S: {tag} OK done
                """;
        try (ScriptedServer removing = ScriptedServer.playing(script)) {
            Account account = kit.register(removing.port(), "ann");
            await().until(() -> total(account) == 2);
            assertThat(kit.announced(account)).isZero();
            await().until(() -> stored(account).state() == AccountState.WATCHING);
            assertThat(stored(account).failure()).isNull();
            removing.go("mail");
            announces(account, 1);
            assertThat(total(account)).isEqualTo(3);
            await().until(() -> removing.transcript().endsWith("S: + idling\n"));
            kit.watch().forget(account.id());
        }
    }

    private Account stored(Account account) {
        return kit.accounts.find(account.id()).orElseThrow();
    }

    private long total(Account account) {
        return kit.database
                .jdbi()
                .withHandle(handle ->
                        handle.createQuery(
                                        "select coalesce(max(total), 0) from mailbox where account_id = :account")
                                .bind("account", account.id())
                                .mapTo(Long.class)
                                .one());
    }

    @Test
    void a_server_that_refuses_idle_is_polled_on_the_same_connection() {
        AtomicBoolean refused = new AtomicBoolean();
        server.behave(
                new FakeImap.Behavior() {
                    @Override
                    public boolean refusesIdle() {
                        refused.set(true);
                        return true;
                    }
                });
        Account account = kit.register(server.port(), "ann");
        // The first check is of mode poll too, and the next one has no timer yet.
        await().until(refused::get);
        await().until(() -> kit.mode(account).equals("poll"));
        kit.awaitRest(List.of(account));
        server.deliver("ann");
        kit.pass(Duration.ofMinutes(5));
        announces(account, 1);
        assertThat(kit.mode(account)).isEqualTo("poll");
        assertThat(server.logins()).hasSize(1);
    }

    /** Takes 2 s: what is tested is the deadline of a server that does not take DONE. */
    @Test
    void a_server_that_does_not_answer_done_is_cut_off_and_its_mail_found()
            throws InterruptedException {
        expectIgnoredDone();
        Account account = idling("ann");
        server.behave(
                new FakeImap.Behavior() {
                    @Override
                    public boolean ignoresDone() {
                        return true;
                    }
                });
        server.deliver("ann");
        await().until(() -> server.logins().size() == 2);
        server.behave(new FakeImap.Behavior() {});
        announces(account, 1);
        server.deliver("ann");
        announces(account, 2);
        assertThat(server.mostSessionsOfOneUser()).isLessThanOrEqualTo(2);
    }

    @Test
    void a_server_that_hangs_up_on_each_idle_is_polled_and_its_account_is_well() {
        kit.hasten(40);
        server.behave(
                new FakeImap.Behavior() {
                    @Override
                    public boolean goesOn(String user, String moment) {
                        return !moment.equals("answered IDLE");
                    }
                });
        Account account = kit.register(server.port(), "ann");
        await().until(() -> server.logins().size() >= 7);
        // Later where a session lived for a minute of this clock, which is not lost soon.
        await().until(() ->
                kit.watch()
                        .live(account.id())
                        .filter(live -> live.reason() == AccountCommands.ModeReason.REFUSED)
                        .isPresent());
        await().until(() ->
                kit.accounts.find(account.id()).orElseThrow().state() == AccountState.WATCHING);
        int logins = server.logins().size();
        server.deliver("ann");
        announces(account, 1);
        server.deliver("ann");
        announces(account, 2);
        assertThat(kit.mode(account)).isEqualTo("poll");
        assertThat(server.logins()).hasSize(logins);
    }

    /** Takes 4 s: until the second command is given up. */
    @Test
    void a_server_that_drops_what_comes_with_done_gets_one_command_at_a_time_from_then_on()
            throws InterruptedException {
        expectIgnoredDone();
        Account account = idling("ann");
        server.behave(
                new FakeImap.Behavior() {
                    @Override
                    public boolean dropsBehindDone() {
                        return true;
                    }
                });
        for (int mails = 1; mails < 10; mails++) {
            server.deliver("ann");
            announces(account, mails);
            await().until(() -> server.idling() == 1);
        }
        // Where each mail cost one there would be ten. On a busy machine some DONE may be answered
        // too late.
        assertThat(server.logins()).hasSizeBetween(3, 7);
    }

    @Test
    void over_50_drops_at_every_point_of_the_dialogue_nothing_is_missed() {
        kit.hasten(1000);
        Account account = kit.register(server.port(), "ann");
        await().until(() -> !kit.of(account, EventType.MAILBOX_BASELINE).isEmpty());
        AtomicInteger moments = new AtomicInteger();
        AtomicInteger dropAt = new AtomicInteger();
        AtomicInteger drops = new AtomicInteger();
        server.behave(
                new FakeImap.Behavior() {
                    @Override
                    public boolean goesOn(String user, String moment) {
                        if (drops.get() < 50 && moments.incrementAndGet() > dropAt.get()) {
                            // Each time one step later, so that every step is dropped at.
                            dropAt.set((dropAt.get() + 1) % 11);
                            moments.set(0);
                            drops.incrementAndGet();
                            server.deliver("ann");
                            return false;
                        }
                        return true;
                    }
                });
        server.deliver("ann");
        // Two sessions at once, of which one ends, may make one drop more.
        await().until(() -> drops.get() >= 50);
        await().untilAsserted(() -> assertThat(kit.announced(account)).isEqualTo(drops.get() + 1));
    }

    @Test
    void mail_in_the_gap_between_check_and_idle_is_not_lost() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        // The check for a hint behind several that brought nothing waits 2 s of this clock.
        kit.hasten(20);
        Account account = idling("ann");
        List<String> moments =
                List.of(
                        "command UID",
                        "answered UID",
                        "command IDLE",
                        "answered IDLE",
                        "command DONE",
                        "answered DONE");
        AtomicInteger delivered = new AtomicInteger();
        for (int i = 0; i < 100; i++) {
            String chosen = moments.get(random.nextInt(moments.size()));
            AtomicBoolean done = new AtomicBoolean();
            server.behave(
                    new FakeImap.Behavior() {
                        @Override
                        public boolean goesOn(String user, String moment) {
                            if (moment.equals(chosen) && done.compareAndSet(false, true)) {
                                delivered.incrementAndGet();
                                server.deliver("ann");
                            }
                            return true;
                        }
                    });
            delivered.incrementAndGet();
            // Two checks a second are what an account may cause for long, and these are four.
            kit.pass(Duration.ofSeconds(2));
            server.deliver("ann");
            await("seed " + seed + ", " + chosen)
                    .pollInterval(Duration.ofMillis(2))
                    .until(() -> done.get() && kit.announced() == delivered.get());
        }
        assertThat(server.logins()).hasSize(1);
        assertThat(kit.mode(account)).isEqualTo("idle");
    }

    @Test
    void an_on_demand_check_runs_on_the_connection_that_waits() {
        Account account = idling("ann");
        for (int i = 0; i < 20; i++) {
            assertThat(kit.check(account)).hasSize(1);
        }
        await().until(() -> server.idling() == 1);
        assertThat(server.logins()).hasSize(1);
        server.deliver("ann");
        announces(account, 1);
    }

    @Test
    void an_account_that_is_forgotten_or_changed_logs_out() {
        Account account = idling("ann");
        kit.watch().watch(account);
        await().untilAsserted(() -> {
            assertThat(server.goodbyes()).isEqualTo(1);
            assertThat(server.idling()).isEqualTo(1);
        });
        kit.watch().forget(account.id());
        await().until(() -> server.goodbyes() == 2);
        await().until(() -> server.openSessions() == 0);
        assertThat(server.mostSessionsOfOneUser()).isEqualTo(1);
    }

    @Test
    void push_is_switched_off_and_on_while_it_runs() {
        Account account = idling("ann");
        kit.reload(YAML.replace("imap: {", "imap: { push: false,"));
        await().until(() -> kit.mode(account).equals("poll"));
        await().until(() -> server.idling() == 0);
        kit.awaitRest(List.of(account));
        kit.reload(YAML);
        kit.pass(Duration.ofMinutes(3));
        await().until(() -> kit.mode(account).equals("idle"));
        assertThat(server.logins()).hasSize(1);
    }

    @Test
    void a_stop_under_load_logs_out_of_all_and_a_restart_finds_the_rest() throws Exception {
        int accounts = 50;
        for (int i = 0; i < accounts; i++) {
            kit.register(server.port(), "user" + i);
        }
        await().until(() -> server.idling() == accounts);
        AtomicInteger delivered = new AtomicInteger();
        Thread load =
                Thread.ofVirtual()
                        .start(() -> {
                            for (int i = 0; i < 1000; i++) {
                                server.deliver("user" + i % accounts);
                                delivered.incrementAndGet();
                            }
                        });
        kit.restart();
        load.join();
        await().until(() -> server.goodbyes() >= accounts);
        await().untilAsserted(() -> assertThat(kit.announced()).isEqualTo(delivered.get()));
        assertThat(server.mostSessionsOfOneUser()).isEqualTo(1);
    }

    @Test
    void a_check_that_became_due_just_before_a_thread_waits_for_push_is_made_at_once() {
        AtomicBoolean wanted = new AtomicBoolean();
        server.behave(
                new FakeImap.Behavior() {
                    @Override
                    public boolean goesOn(String user, String moment) {
                        if (moment.equals("command EXAMINE") && wanted.compareAndSet(false, true)) {
                            watches().forEach(watched -> watched.due().want(System.nanoTime()));
                        }
                        return true;
                    }
                });
        kit.register(server.port(), "ann");
        await().until(wanted::get);
        await().until(() -> watches().stream().allMatch(watched -> watched.due().begun() == 2));
    }

    private Collection<WatchedAccount> watches() {
        return kit.service().accounts();
    }
}
