package dev.mailbell.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.mailbell.account.Account;
import dev.mailbell.account.Failure;
import dev.mailbell.event.EventType;
import dev.mailbell.mail.scripted.FakeImap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The limits of mail hosts, and the events of accounts whose checks fail. */
class HostLimitsTest {
    private static final String YAML =
            """
            network: { allowPrivate: [127.0.0.0/8], allowCleartext: [127.0.0.1] }
            polling: { loginsPerSecond: %d }
            """;

    private final FakeImap server = new FakeImap();
    private WatchKit kit = new WatchKit(YAML.formatted(500));

    @AfterEach
    void close() throws Exception {
        kit.close();
        server.close();
    }

    private void restart(String yaml) throws InterruptedException {
        kit.close();
        kit = new WatchKit(yaml);
    }

    @Test
    void after_an_outage_2000_accounts_are_back_and_logins_never_pass_the_limit()
            throws InterruptedException {
        int accounts = 2_000;
        int perSecond = 500;
        for (int i = 0; i < accounts; i++) {
            kit.store(server.port(), "user" + i, List.of("INBOX"));
        }
        kit.start();
        await().until(() -> server.idling() == accounts);
        server.away(true);
        await().until(() -> server.openSessions() == 0);
        for (int i = 0; i < accounts; i++) {
            server.deliver("user" + i);
        }
        // Time enough for every account to have tried in vain.
        kit.pass(Duration.ofMinutes(1));
        server.away(false);
        kit.pass(Duration.ofMinutes(15));
        await().until(() -> server.idling() == accounts);
        await().untilAsserted(() -> assertThat(kit.announced()).isEqualTo(accounts));
        assertThat(server.mostSessionsOfOneUser()).isEqualTo(1);
        // A busy machine bunches what was sent apart; a storm would be all of them at once.
        assertThat(mostLoginsInOneSecond()).isLessThanOrEqualTo(perSecond * 3 / 2);
        assertThat(server.logins()).hasSizeLessThan(accounts * 5 / 2);
    }

    private int mostLoginsInOneSecond() {
        List<Long> logins = server.logins().stream().sorted().toList();
        int most = 0;
        int first = 0;
        for (int last = 0; last < logins.size(); last++) {
            while (logins.get(last) - logins.get(first) > TimeUnit.SECONDS.toNanos(1)) {
                first++;
            }
            most = Math.max(most, last - first + 1);
        }
        return most;
    }

    @Test
    void where_connections_are_limited_some_accounts_push_and_the_others_are_polled_in_turn()
            throws InterruptedException {
        restart(
                YAML.formatted(500)
                        + """
                        providers: [ { match: [127.0.0.1], connections: 5 } ]
                        """);
        kit.start();
        int accounts = 20;
        List<Account> all = new ArrayList<>();
        for (int i = 0; i < accounts; i++) {
            all.add(kit.register(server.port(), "user" + i));
        }
        await().untilAsserted(() ->
                assertThat(
                                kit.events.after(
                                        dev.mailbell.client.ClientStore.DEFAULT,
                                        null,
                                        EventType.MAILBOX_BASELINE,
                                        null,
                                        500))
                        .hasSize(accounts));
        await().until(() -> server.idling() == 4);
        kit.awaitRest(all.stream().filter(account -> !kit.mode(account).equals("idle")).toList());
        for (int i = 0; i < accounts; i++) {
            server.deliver("user" + i);
        }
        kit.pass(Duration.ofMinutes(3));
        await().untilAsserted(() -> assertThat(kit.announced()).isEqualTo(accounts));
        assertThat(server.openSessions()).isLessThanOrEqualTo(5);
    }

    @Test
    void a_changed_interval_reaches_accounts_that_wait() throws InterruptedException {
        String yaml =
                """
                network: { allowPrivate: [127.0.0.0/8], allowCleartext: [127.0.0.1] }
                polling: { imap: { push: false, interval: %s, min: 1s } }
                """;
        restart(yaml.formatted("1h"));
        kit.start();
        Account account = kit.register(server.port(), "ann");
        await().until(() -> kit.mode(account).equals("poll"));
        kit.awaitRest(List.of(account));
        server.deliver("ann");
        kit.reload(yaml.formatted("1s"));
        await().until(() -> kit.announced(account) == 1);
    }

    @Test
    void a_wall_clock_that_is_set_makes_no_check_late_and_none_twice_when_intervals_change()
            throws InterruptedException {
        String yaml =
                """
                network: { allowPrivate: [127.0.0.0/8], allowCleartext: [127.0.0.1] }
                polling: { imap: { push: false, interval: %s, min: 1s }, jitter: 0 }
                """;
        restart(yaml.formatted("6h"));
        AtomicInteger executor = new AtomicInteger();
        server.behave(
                new FakeImap.Behavior() {
                    @Override
                    public boolean goesOn(String user, String moment) {
                        executor.addAndGet(moment.equals("command STATUS") ? 1 : 0);
                        return true;
                    }
                });
        kit.start();
        Account account = kit.register(server.port(), "ann");
        await().until(() -> kit.mode(account).equals("poll"));
        await().until(() -> kit.watch().live(account.id()).orElseThrow().nextCheckAt() != null);
        int first = executor.get();
        kit.setWallClock(Duration.ofHours(5));
        kit.reload(yaml.formatted("4h"));
        Duration next = untilNext(account);
        // A minute more: the thread may stand still between two readings of the clock.
        assertThat(next).isBetween(Duration.ofMinutes(230), Duration.ofMinutes(241));
        kit.setWallClock(Duration.ofHours(-5));
        kit.reload(yaml.formatted("3h"));
        assertThat(untilNext(account)).isBetween(Duration.ofMinutes(170), Duration.ofMinutes(181));
        assertThat(executor.get()).isEqualTo(first);
        server.deliver("ann");
        kit.pass(Duration.ofHours(3));
        await().until(() -> kit.announced(account) == 1);
    }

    private int attempts(Account account) {
        Failure failure = kit.accounts.find(account.id()).orElseThrow().failure();
        return failure == null ? 0 : failure.attempts();
    }

    private boolean isScheduled(Account account) {
        return kit.watch().live(account.id()).orElseThrow().nextCheckAt() != null;
    }

    private Duration untilNext(Account account) {
        return Duration.between(
                kit.now(), kit.watch().live(account.id()).orElseThrow().nextCheckAt());
    }

    @Test
    void an_account_that_fails_for_long_is_announced_once_and_when_it_is_back() {
        kit.start();
        Account account = kit.register(server.port(), "ann");
        await().until(() -> kit.mode(account).equals("idle"));
        assertThat(kit.of(account, EventType.ACCOUNT_CONNECTED)).hasSize(1);
        server.away(true);
        await().until(() -> kit.mode(account).equals("null"));
        assertThat(kit.of(account, EventType.ACCOUNT_RETRYING)).isEmpty();
        kit.passUntil(
                Duration.ofMinutes(20),
                () -> !kit.of(account, EventType.ACCOUNT_RETRYING).isEmpty());
        for (int i = 0; i < 3; i++) {
            int attempts = attempts(account);
            kit.passUntil(Duration.ofMinutes(20), () -> attempts(account) > attempts);
        }
        assertThat(kit.of(account, EventType.ACCOUNT_RETRYING)).hasSize(1);
        assertThat(kit.of(account, EventType.ACCOUNT_RETRYING).getFirst().payload())
                .contains("\"state\":\"retrying\"", "\"code\":\"connect_failed\"");
        server.away(false);
        kit.passUntil(
                Duration.ofMinutes(20),
                () -> !kit.of(account, EventType.ACCOUNT_RECOVERED).isEmpty());
        assertThat(kit.of(account, EventType.ACCOUNT_RECOVERED)).hasSize(1);
    }

    @Test
    void a_login_that_worked_is_parked_after_three_refusals_over_ten_minutes_and_announced_once() {
        kit.start();
        Account account = kit.register(server.port(), "ann");
        await().until(() -> kit.mode(account).equals("idle"));
        server.behave(
                new FakeImap.Behavior() {
                    @Override
                    public String refusal() {
                        return "[AUTHENTICATIONFAILED] no";
                    }
                });
        server.away(true);
        server.away(false);
        for (int refusals = 1; refusals <= 3; refusals++) {
            int attempts = refusals;
            await().until(() -> attempts(account) >= attempts);
            // Time that passes before the timer is set would not count for it.
            await().until(() -> isScheduled(account));
            kit.pass(Duration.ofMinutes(8));
        }
        await().until(() -> !kit.of(account, EventType.ACCOUNT_PARKED).isEmpty());
        kit.pass(Duration.ofHours(30));
        server.behave(new FakeImap.Behavior() {});
        kit.passUntil(
                Duration.ofHours(30),
                () -> !kit.of(account, EventType.ACCOUNT_RECOVERED).isEmpty());
        assertThat(kit.of(account, EventType.ACCOUNT_PARKED)).hasSize(1);
    }

    @Test
    void a_node_that_sees_nothing_any_more_says_so() {
        kit.start();
        Account account = kit.register(server.port(), "ann");
        await().until(() -> kit.mode(account).equals("idle"));
        assertThat(kit.service().status().trouble()).isEmpty();
        server.away(true);
        await().until(() -> kit.mode(account).equals("null"));
        kit.awaitRest(List.of(account));
        kit.pass(Duration.ofMinutes(30));
        await().untilAsserted(() ->
                assertThat(kit.service().status().trouble())
                        .singleElement()
                        .asString()
                        .contains("no check has succeeded"));
        server.away(false);
        // No wait for its rest: it may be back before, and waits for push then.
        kit.passUntil(Duration.ofMinutes(30), () -> kit.mode(account).equals("idle"));
        await().until(() -> kit.service().status().trouble().isEmpty());
    }
}
