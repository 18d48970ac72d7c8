package dev.mailbell.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountState;
import dev.mailbell.account.LoginSecret;
import dev.mailbell.account.RemovedAccounts;
import dev.mailbell.client.ClientStore;
import dev.mailbell.database.FencedException;
import dev.mailbell.event.EventType;
import dev.mailbell.mail.scripted.FakeImap;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.WatchKit.Node;
import dev.mailbell.watch.admission.NotWatchedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two nodes on one database hand over shards, in peace and not. */
class ShardHandOverTest {
    private static final Set<Integer> ALL =
            IntStream.range(0, Account.SHARDS).boxed().collect(Collectors.toSet());
    private static final String YAML =
            """
            network: { allowPrivate: [127.0.0.0/8], allowCleartext: [127.0.0.1] }
            polling: { loginsPerSecond: 1000 }
            """;

    private final FakeImap server = new FakeImap();
    private final WatchKit kit = new WatchKit(YAML);
    private final Node one = kit.node();
    private final Node other = kit.node();

    @AfterEach
    void close() throws Exception {
        one.close();
        other.close();
        kit.close();
        server.close();
    }

    private static Deadline soon() {
        return Deadline.after(Duration.ofSeconds(30));
    }

    private static Deadline over() {
        return Deadline.after(Duration.ZERO);
    }

    private static boolean isIdle(Node node, Account account) {
        return node.service
                .watch()
                .live(account.id())
                .filter(live -> "idle".equals(live.mode()))
                .isPresent();
    }

    private Account store(String user) {
        return kit.store(server.port(), user, List.of("INBOX"));
    }

    private Account unstored(String user) {
        return kit.account(ClientStore.DEFAULT, server.port(), user, List.of("INBOX"));
    }

    private AccountState state(Account account) {
        return kit.accounts.find(account.id()).orElseThrow().state();
    }

    @Test
    void accounts_move_from_node_to_node_while_mail_arrives_and_are_never_open_twice()
            throws Exception {
        List<Account> accounts = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            accounts.add(store("user" + i));
        }
        one.acquire(ALL);
        await().until(() -> accounts.stream().allMatch(account -> isIdle(one, account)));
        AtomicInteger delivered = new AtomicInteger();
        Node from = one;
        Node to = other;
        for (int move = 0; move < 4; move++) {
            for (int i = 0; i < accounts.size(); i++) {
                server.deliver("user" + i);
                delivered.incrementAndGet();
            }
            Node next = to;
            from.release(ALL, soon());
            assertThat(server.openSessions()).isZero();
            server.deliver("user0");
            delivered.incrementAndGet();
            to.acquire(ALL);
            await().until(() -> accounts.stream().allMatch(account -> isIdle(next, account)));
            to = from;
            from = next;
        }
        await().until(() -> kit.announced() == delivered.get());
        assertThat(server.mostSessionsOfOneUser()).isEqualTo(1);
        assertThat(server.goodbyes()).isEqualTo(4 * accounts.size());
        assertThat(accounts).allMatch(account -> state(account) == AccountState.WATCHING);
        assertThat(accounts).allMatch(account -> kit.of(account, EventType.MAIL_NEW).size() >= 4);
    }

    @Test
    void a_node_watches_the_accounts_of_its_shards_alone() throws Exception {
        Account ann = store("ann");
        // Stored is only one of another shard: any other would be watched beside the first.
        Account second = unstored("bob");
        while (second.shard() == ann.shard()) {
            second = unstored("bob");
        }
        Account bob = second;
        kit.accounts.insert(bob);
        one.acquire(Set.of(ann.shard()));
        other.acquire(Set.of(bob.shard()));
        await().until(() -> isIdle(one, ann) && isIdle(other, bob));
        assertThat(one.service.accounts()).hasSize(1);
        // What is of the other node is left to it.
        one.service.watch().watch(bob);
        one.service.watch().watchNew(List.of(bob));
        one.service.watch().changed(List.of(bob.id()));
        assertThat(one.service.accounts()).hasSize(1);
        assertThatExceptionOfType(NotWatchedException.class)
                .isThrownBy(() -> one.service.watch().check(bob, soon()));
        assertThat(server.mostSessionsOfOneUser()).isEqualTo(1);
    }

    @Test
    void changes_that_were_missed_are_found_and_nothing_else_is_touched() throws Exception {
        Account ann = store("ann");
        one.acquire(ALL);
        await().until(() -> isIdle(one, ann));
        Account removed = store("bob");
        one.service.watch().changed(List.of(removed.id()));
        await().until(() -> isIdle(one, removed));
        new RemovedAccounts(kit.database.jdbi()).remove(removed.clientId(), removed.id());
        Account registered = store("eve");
        one.service.watch().allChanged();
        await().until(() -> isIdle(one, registered));
        assertThat(one.service.watch().live(removed.id())).isEmpty();
        assertThat(isIdle(one, ann)).isTrue();
        assertThat(server.logins()).hasSize(3);
    }

    @Test
    void what_another_node_has_taken_is_cut_at_once() throws Exception {
        Account account = store("ann");
        one.acquire(ALL);
        await().until(() -> isIdle(one, account));
        one.release(ALL, over());
        await().until(() -> server.openSessions() == 0);
        assertThat(server.goodbyes()).isZero();
        assertThat(one.service.accounts()).isEmpty();
        server.deliver("ann");
        other.acquire(ALL);
        await().until(() -> kit.announced() == 1 && isIdle(other, account));
        assertThat(state(account)).isEqualTo(AccountState.WATCHING);
        assertThat(server.logins()).hasSize(2);
    }

    @Test
    void a_login_that_is_under_way_when_the_shard_is_lost_comes_to_nothing() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answers = new CountDownLatch(1);
        server.behave(at("command LOGIN", asked, answers));
        Account account = store("ann");
        one.acquire(ALL);
        asked.await();
        one.release(ALL, over());
        answers.countDown();
        await().until(() -> server.openSessions() == 0);
        server.behave(new FakeImap.Behavior() {});
        other.acquire(ALL);
        await().until(() -> isIdle(other, account));
        assertThat(kit.of(account, EventType.ACCOUNT_CONNECTED)).hasSize(1);
        assertThat(kit.accounts.find(account.id()).orElseThrow().failure()).isNull();
        // The server may notice only now that the first connection was cut.
        await().until(() -> server.openSessions() == 1);
    }

    @Test
    void a_check_under_way_ends_and_is_recorded_before_its_shard_is_given_up() throws Exception {
        Account account = store("ann");
        one.acquire(ALL);
        await().until(() -> isIdle(one, account));
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answers = new CountDownLatch(1);
        server.behave(at("command UID", asked, answers));
        server.deliver("ann");
        asked.await();
        FutureTask<Void> release =
                new FutureTask<>(() -> {
                    one.release(ALL, soon());
                    return null;
                });
        Thread.ofVirtual().start(release);
        await().until(() -> one.service.accounts().isEmpty());
        assertThat(release.isDone()).isFalse();
        answers.countDown();
        release.get();
        assertThat(kit.announced()).isEqualTo(1);
        assertThat(server.openSessions()).isZero();
        assertThat(server.goodbyes()).isEqualTo(1);
    }

    @Test
    void a_request_for_an_account_that_leaves_meanwhile_ends_as_not_watched() throws Exception {
        Account account = store("ann");
        one.acquire(ALL);
        await().until(() -> isIdle(one, account));
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answers = new CountDownLatch(1);
        server.behave(at("command", asked, answers));
        FutureTask<?> request = new FutureTask<>(() -> one.service.watch().check(account, soon()));
        Thread.ofVirtual().start(request);
        asked.await();
        one.release(ALL, Deadline.after(Duration.ofMillis(1)));
        answers.countDown();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(request::get)
                .withCauseInstanceOf(NotWatchedException.class);
        assertThat(state(account)).isEqualTo(AccountState.WATCHING);
        assertThat(server.logins()).hasSize(1);
    }

    @Test
    void a_pop3_server_that_locks_the_maildrop_never_sees_a_second_session() throws Exception {
        try (LockingPop3 pop3 = new LockingPop3()) {
            Account account = kit.storePop3(pop3.port(), "ann");
            one.acquire(ALL);
            await().until(() -> !kit.of(account, EventType.MAILBOX_BASELINE).isEmpty());
            Node from = one;
            Node to = other;
            for (int move = 1; move <= 6; move++) {
                pop3.messages.incrementAndGet();
                int sessions = pop3.sessions.get();
                if (move % 2 == 0) {
                    // The release meets a check.
                    await().until(() -> {
                        // Again: the check before may end, and set its timer, only now.
                        kit.pass(Duration.ofMinutes(30));
                        return pop3.sessions.get() > sessions;
                    });
                }
                from.release(ALL, soon());
                to.acquire(ALL);
                int announced = move;
                await().until(() -> kit.announced() == announced);
                Node before = from;
                from = to;
                to = before;
            }
            assertThat(pop3.lockedOut).hasValue(0);
            assertThat(state(account)).isEqualTo(AccountState.WATCHING);
        }
    }

    @Test
    void a_node_whose_heartbeat_is_late_opens_nothing_and_finds_the_mail_when_it_is_back()
            throws Exception {
        Account account = store("ann");
        one.acquire(ALL);
        await().until(() -> isIdle(one, account));
        one.active = false;
        one.service.suspended();
        await().until(() -> server.openSessions() == 0);
        server.deliver("ann");
        await().until(() -> {
            kit.pass(Duration.ofMinutes(11));
            return !one.service.status().trouble().isEmpty();
        });
        assertThat(server.logins()).hasSize(1);
        one.active = true;
        kit.pass(Duration.ofSeconds(5));
        await().until(() -> kit.announced() == 1 && isIdle(one, account));
        assertThat(server.logins()).hasSize(2);
        assertThat(kit.accounts.find(account.id()).orElseThrow().failure()).isNull();
    }

    @Test
    void a_tried_login_is_cut_as_well_when_the_heartbeat_is_late() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answers = new CountDownLatch(1);
        server.behave(at("command LOGIN", asked, answers));
        Account account = unstored("ann");
        FutureTask<?> verify =
                new FutureTask<>(() ->
                        one.service
                                .watch()
                                .verify(account, new LoginSecret.Password("pw"), soon()));
        Thread.ofVirtual().start(verify);
        asked.await();
        one.active = false;
        one.service.suspended();
        answers.countDown();
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(verify::get)
                .withCauseInstanceOf(FencedException.class);
        await().until(() -> server.openSessions() == 0);
    }

    @Test
    void a_release_ends_the_reading_of_accounts() throws Exception {
        store("ann");
        try (Handle slow = kit.database.jdbi().open()) {
            slow.begin();
            slow.execute("lock table account in access exclusive mode");
            one.acquire(ALL);
            assertThat(one.service.isLoading()).isTrue();
            one.release(ALL, soon());
            slow.rollback();
        }
        await().until(() -> !one.service.isLoading());
        assertThat(one.service.accounts()).isEmpty();
        assertThat(server.logins()).isEmpty();
    }

    @Test
    void a_command_for_an_account_that_is_not_read_yet_reads_it() throws Exception {
        Account account = store("ann");
        try (Handle slow = kit.database.jdbi().open()) {
            slow.begin();
            // The reading begins with the numbers of accounts, which this does not let through.
            slow.execute("lock table account in access exclusive mode");
            one.acquire(ALL);
            FutureTask<?> request =
                    new FutureTask<>(() -> one.service.watch().check(account, soon()));
            Thread.ofVirtual().start(request);
            slow.rollback();
            request.get();
        }
        await().until(() -> isIdle(one, account));
        assertThat(server.mostSessionsOfOneUser()).isEqualTo(1);
        assertThat(server.openSessions()).isEqualTo(1);
    }

    @Test
    void sessions_beyond_the_part_of_a_node_are_closed_when_another_node_comes() throws Exception {
        kit.reload(
                YAML
                        + "providers: [{ match: [127.0.0.1], connections: 4, loginsPerSecond: 1000 }]");
        for (int i = 0; i < 5; i++) {
            store("user" + i);
        }
        one.acquire(ALL);
        await().until(() -> server.idling() == 3);
        one.ownership.nodes = 2;
        one.release(Set.of(), soon());
        await().until(() -> server.idling() == 1);
        one.ownership.nodes = 1;
        one.release(Set.of(), soon());
        await().until(() -> {
            kit.pass(Duration.ofMinutes(10));
            return server.idling() == 3;
        });
    }

    /** The server answers commands from this one on when it may. */
    private static FakeImap.Behavior at(
            String command, CountDownLatch asked, CountDownLatch answers) {
        return new FakeImap.Behavior() {
            @Override
            public boolean goesOn(String user, String moment) {
                if (moment.startsWith(command)) {
                    asked.countDown();
                    try {
                        answers.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }
                return true;
            }
        };
    }
}
