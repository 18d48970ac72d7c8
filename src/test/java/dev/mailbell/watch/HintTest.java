package dev.mailbell.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.management.OperatingSystemMXBean;
import dev.mailbell.account.Account;
import dev.mailbell.event.EventType;
import dev.mailbell.mail.scripted.FakeImap;
import dev.mailbell.watch.schedule.HintBudget;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a server says unasked costs few commands, whatever it says, and hides no mail. */
class HintTest {
    private static final String YAML =
            """
            network: { allowPrivate: [127.0.0.0/8], allowCleartext: [127.0.0.1] }
            polling: { imap: { safetyInterval: 9m }, loginsPerSecond: 1000 }
            """;

    /** How long hints are thrown: {@code -Dmailbell.hints=60} for a minute. */
    private static final int SECONDS = Integer.getInteger("mailbell.hints", 4);

    private final FakeImap server = new FakeImap();
    private final WatchKit kit = new WatchKit(YAML);

    @BeforeEach
    void start() {
        kit.start();
    }

    @AfterEach
    void close() throws Exception {
        kit.close();
        server.close();
    }

    private Account idling(List<String> mailboxes) {
        Account account = kit.register(server.port(), "ann", mailboxes);
        awaitIdle(account);
        return account;
    }

    private void awaitIdle(Account account) {
        await().until(() -> server.idling() == 1 && kit.mode(account).equals("idle"));
    }

    private void announces(Account account, int messages) {
        await().pollInterval(Duration.ofMillis(5))
                .untilAsserted(() -> assertThat(kit.announced(account)).isEqualTo(messages));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            textBlock =
                    """
                    Deleted Items | Deleted Items
                    archive       | "Archive"
                    Work          | "Work/"
                    Other         | "quite another"
                    Sent          | {4}
                    """)
    void a_name_spelled_in_another_way_in_the_answer_to_status_is_no_hint(
            String name, String answered) {
        server.behave(
                new FakeImap.Behavior() {
                    @Override
                    public String nameInStatus(String asked) {
                        return asked.equals(name) ? answered : asked;
                    }
                });
        Account account = idling(List.of("INBOX", name));
        server.deliver("ann", name);
        kit.pass(Duration.ofMinutes(2));
        announces(account, 1);
        awaitIdle(account);
        int before = server.commands();
        server.deliver("ann");
        announces(account, 2);
        awaitIdle(account);
        // The search, perhaps a fetch for a metric, and IDLE.
        assertThat(server.commands() - before).isLessThanOrEqualTo(4);
        staysQuiet(account);
    }

    /** No check is scheduled sooner than by polling, and none is made in 5 s of this clock. */
    private void staysQuiet(Account account) {
        // The check of a hint that came during the one before may still follow.
        AtomicInteger last = new AtomicInteger(-1);
        await().pollInterval(Duration.ofMillis(200))
                .until(() -> server.commands() == last.getAndSet(server.commands()));
        int before = last.get();
        assertThat(nextCheckAt(account)).isAfter(kit.now().plus(Duration.ofSeconds(20)));
        kit.pass(Duration.ofSeconds(5));
        assertThat(nextCheckAt(account)).isAfter(kit.now());
        // A check that became due with that would begin meanwhile.
        await().during(Duration.ofMillis(500)).until(() -> server.commands() == before);
    }

    private Instant nextCheckAt(Account account) {
        return kit.watch()
                .live(account.id())
                .map(AccountCommands.Live::nextCheckAt)
                .orElse(Instant.EPOCH);
    }

    @ParameterizedTest
    @CsvSource({"* 0 EXISTS", "* 3 RECENT", "* STATUS Work (MESSAGES 0)", "* OK still here"})
    void a_hint_costs_at_most_one_check(String hint) {
        Account account = idling(List.of("INBOX", "Work"));
        int before = server.commands();
        server.hint("ann", hint);
        server.deliver("ann");
        announces(account, 1);
        awaitIdle(account);
        assertThat(server.commands() - before).isLessThan(14);
        staysQuiet(account);
    }

    @Test
    void mail_is_found_at_once_behind_hints_that_brought_nothing() {
        Account account = idling(List.of("INBOX"));
        for (int i = 0; i < 200; i++) {
            server.hint("ann", "* 0 EXISTS");
        }
        int before = server.commands();
        server.deliver("ann");
        announces(account, 1);
        assertThat(server.commands() - before).isLessThan(20);
        assertThat(server.logins()).hasSize(1);
    }

    /** A message every 4 ms of this clock, until checks are gathered that come after a burst. */
    @Test
    void each_message_of_a_flood_is_counted_once() {
        Account account = idling(List.of("INBOX"));
        AtomicInteger delivered = new AtomicInteger();
        await().pollInterval(Duration.ofMillis(10))
                .until(() -> {
                    for (int i = 0; i < 50; i++) {
                        server.deliver("ann");
                        delivered.incrementAndGet();
                    }
                    kit.pass(Duration.ofMillis(200));
                    return kit.of(account, EventType.MAIL_NEW).size() > HintBudget.BURST + 20;
                });
        kit.passUntil(Duration.ofSeconds(5), () -> kit.announced() >= delivered.get());
        // One more check finds nothing more.
        kit.check(account);
        assertThat(kit.announced()).isEqualTo(delivered.get());
        assertThat(server.logins()).hasSize(1);
    }

    @Test
    void a_server_that_ends_idle_over_and_over_is_polled() {
        server.behave(
                new FakeImap.Behavior() {
                    @Override
                    public boolean endsIdle() {
                        return true;
                    }
                });
        Account account = kit.register(server.port(), "ann");
        await().until(() -> server.commands() >= 6);
        await().until(() -> kit.mode(account).equals("poll"));
        kit.awaitRest(List.of(account));
        kit.pass(Duration.ofMinutes(3));
        server.deliver("ann");
        kit.pass(Duration.ofMinutes(3));
        announces(account, 1);
        assertThat(server.commands()).isLessThan(30);
        assertThat(server.logins()).hasSize(1);
    }

    @Test
    void a_server_that_drops_the_connection_at_every_check_is_called_less_and_less_often() {
        Account account = idling(List.of("INBOX"));
        server.behave(
                new FakeImap.Behavior() {
                    @Override
                    public boolean goesOn(String user, String moment) {
                        if (moment.equals("answered IDLE")) {
                            Thread.ofVirtual().start(() -> server.hint(user, "* 1 EXISTS"));
                        }
                        return !moment.equals("command UID");
                    }
                });
        server.deliver("ann");
        await().until(() ->
                kit.watch().live(account.id()).map(AccountCommands.Live::nextCheckAt).isPresent()
                        && server.logins().size() >= 3
                        && server.openSessions() == 0);
        int logins = server.logins().size();
        assertThat(logins).isLessThan(8);
        server.behave(new FakeImap.Behavior() {});
        // No wait for its rest: it may be back before, and waits for push then.
        kit.passUntil(Duration.ofMinutes(15), () -> kit.announced(account) == 1);
    }

    @Test
    void a_server_whose_pushed_checks_fail_is_called_less_and_less_often() {
        Account account = idling(List.of("INBOX"));
        List<Instant> logins = new CopyOnWriteArrayList<>();
        server.behave(
                new FakeImap.Behavior() {
                    @Override
                    public void loggedIn(String user, Socket connection) {
                        logins.add(kit.now());
                    }

                    @Override
                    public boolean refuses(String command, int times) {
                        return command.equals("UID") || command.equals("EXAMINE") && times > 1;
                    }

                    @Override
                    public boolean goesOn(String user, String moment) {
                        if (moment.equals("answered IDLE")) {
                            Thread.ofVirtual().start(() -> server.hint(user, "* 7 EXISTS"));
                        }
                        return true;
                    }
                });
        server.hint("ann", "* 7 EXISTS");
        // Each session's first check works, and what it says in IDLE makes the second one fail.
        await().until(() -> {
            // Time passes between the sessions alone: one that lives for a minute is not lost soon.
            if (server.openSessions() == 0) {
                kit.pass(Duration.ofSeconds(2));
            }
            return logins.size() >= 4;
        });
        // The session that was open at first is not among them.
        assertThat(Duration.between(logins.get(2), logins.get(3)))
                .isGreaterThan(Duration.ofSeconds(7));
        assertThat(logins).hasSizeLessThan(7);
        server.behave(new FakeImap.Behavior() {});
        server.deliver("ann");
        kit.passUntil(Duration.ofMinutes(15), () -> kit.announced(account) == 1);
    }

    @Test
    void a_hint_that_was_put_off_and_is_covered_by_a_stronger_one_costs_what_a_hint_costs() {
        idling(List.of("INBOX", "Work"));
        int before = server.commands();
        // Not faster: where a busy machine makes a check late by some seconds of this clock, the
        // checks in vain before it are forgotten, and more are made.
        kit.hasten(30);
        long begun = System.nanoTime();
        for (int i = 1; System.nanoTime() - begun < 4_000_000_000L; i++) {
            server.hint("ann", "* " + i + " RECENT");
            server.hint("ann", "* " + i + " EXISTS");
            LockSupport.parkNanos(1_000_000);
        }
        // In two minutes of this clock each of the two kinds may cause eight checks in vain: two at
        // once, and then after 1, 2, 4, 8, 16 and 32 s. Twice as many, because a check that is late
        // lets its kind begin anew. A check has at most six commands.
        assertThat(server.commands() - before).isLessThan(2 * 2 * 8 * 6);
    }

    /** Takes 4 s: what is tested is what hints cost while they last. */
    @Test
    void random_hints_cost_no_more_commands_than_the_stated_rate_and_hide_no_mail() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Account account = idling(List.of("INBOX", "Work"));
        OperatingSystemMXBean system =
                (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        int before = server.commands();
        long cpuBefore = system.getProcessCpuTime();
        long begun = System.nanoTime();
        int mails = 0;
        while (System.nanoTime() - begun < SECONDS * 1_000_000_000L) {
            server.hint("ann", hint(random, mails));
            if (random.nextInt(1_000) == 0) {
                server.deliver("ann", random.nextBoolean() ? "INBOX" : "Work");
                mails++;
            }
            LockSupport.parkNanos(100_000);
        }
        double seconds = (System.nanoTime() - begun) / 1e9;
        double cpu = (system.getProcessCpuTime() - cpuBefore) / 1e9 / seconds;
        int commands = server.commands() - before;
        System.out.printf("%d commands and %.2f cores in %.1f s%n", commands, cpu, seconds);
        // A check costs at most eight commands here: the mailboxes one by one, and IDLE again.
        assertThat(commands)
                .as("seed %d", seed)
                .isLessThan((int) (8 * (HintBudget.BURST + seconds * 2)));
        assertThat(server.logins()).as("seed %d", seed).hasSizeLessThan(8);
        int sent = mails;
        // Again and again: time that passes during a check does not count for the next one.
        kit.passUntil(Duration.ofMinutes(15), () -> kit.announced(account) == sent);
    }

    private static String hint(Random random, int mails) {
        return switch (random.nextInt(10)) {
            case 0, 1 -> "* " + random.nextInt(mails + 2) + " EXISTS";
            case 2 -> "* " + random.nextInt(5) + " RECENT";
            case 3 -> "* STATUS Work (MESSAGES " + random.nextInt(9) + " UIDNEXT 5)";
            case 4 -> "* STATUS INBOX (MESSAGES " + random.nextInt(9) + ")";
            case 5 -> "* STATUS \"Other one\" (UIDNEXT 7)";
            case 6 -> "* LIST () \"/\" Other";
            case 7 -> "* 1 FETCH (FLAGS (\\Seen))";
            case 8 -> "* OK [UIDNEXT " + (1 + random.nextInt(5)) + "] still here";
            default -> "* OK still here";
        };
    }
}
