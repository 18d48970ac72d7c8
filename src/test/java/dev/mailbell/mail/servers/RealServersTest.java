package dev.mailbell.mail.servers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.ImapState;
import dev.mailbell.detection.Pop3State;
import dev.mailbell.mail.Login;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.PushSession;
import dev.mailbell.mail.imap.ImapSession;
import dev.mailbell.mail.imap.ImapSessions;
import dev.mailbell.mail.pop3.Pop3Sessions;
import dev.mailbell.mail.scripted.Loopback;
import dev.mailbell.mail.servers.RealMailbox.Step;
import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * Compares counts with the true content of the mail store, over random histories on real servers. A
 * check spends most of its time waiting, so all histories run concurrently, each with its own user.
 */
class RealServersTest {
    private static final int PUSHED = 10;

    /**
     * GNU mailutils sends each line of an answer by itself, most of them after the delayed ACK of
     * the line before: a check over POP3 takes a quarter of a second.
     */
    private static final int SLOW_MAILDROPS = 4;

    /** GNU mailutils is slow to log in, and has a history in {@link UnstableUidsTest}. */
    private static final Set<RealServer> IMAP =
            EnumSet.complementOf(EnumSet.of(RealServer.MAILUTILS));

    private static final Set<RealServer> POP3 = EnumSet.allOf(RealServer.class);

    private static final Loopback LOOPBACK = new Loopback();
    private static final ExecutorService HISTORIES = Executors.newVirtualThreadPerTaskExecutor();
    private static final Map<RealServer, List<Future<?>>> OVER_IMAP =
            new EnumMap<>(RealServer.class);
    private static final Map<RealServer, List<Future<?>>> OVER_POP3 =
            new EnumMap<>(RealServer.class);

    @BeforeAll
    static void begin() {
        for (RealServer make : POP3) {
            int maildrops = make == RealServer.MAILUTILS ? SLOW_MAILDROPS : 1;
            List<Future<?>> histories = new ArrayList<>();
            for (int i = 0; i < maildrops; i++) {
                // The first check of each maildrop has no step before it.
                int steps = HistoryCheck.STEPS / maildrops + 1;
                histories.add(HISTORIES.submit(() -> followOverPop3(steps, make.get())));
            }
            OVER_POP3.put(make, histories);
        }
        for (RealServer make : IMAP) {
            OVER_IMAP.put(make, List.of(HISTORIES.submit(() -> followOverImap(make.get()))));
        }
    }

    @AfterAll
    static void close() {
        HISTORIES.shutdownNow();
        HISTORIES.close();
        LOOPBACK.close();
    }

    @ParameterizedTest
    @FieldSource("IMAP")
    void imap_counts_what_came_to_the_inbox_and_a_folder(RealServer make) throws Exception {
        awaitEnd(make, OVER_IMAP.getOrDefault(make, List.of()));
    }

    @ParameterizedTest
    @FieldSource("POP3")
    void pop3_counts_what_came_to_the_maildrop(RealServer make) throws Exception {
        awaitEnd(make, OVER_POP3.getOrDefault(make, List.of()));
    }

    private static void awaitEnd(RealServer make, List<Future<?>> histories) throws Exception {
        // Skips the test where the packages of the server cannot be there.
        assertThat(make.get()).isNotNull();
        assertThat(histories).isNotEmpty();
        for (Future<?> history : histories) {
            history.get();
        }
    }

    private static void followOverImap(RealMailServer server) {
        RealMailbox mail = server.freshUser();
        HistoryCheck.steps(
                server,
                mail,
                Protocol.IMAP,
                new ImapSessions(LOOPBACK.connector()),
                List.of(RealMailbox.INBOX, mail.folder()),
                ImapState.UNSEEN);
    }

    private static void followOverPop3(int steps, RealMailServer server) {
        HistoryCheck.steps(
                steps,
                server,
                server.freshUser(),
                Protocol.POP3,
                new Pop3Sessions(LOOPBACK.connector()),
                List.of(RealMailbox.INBOX),
                Pop3State.UNSEEN);
    }

    @ParameterizedTest
    @EnumSource(
            value = RealServer.class,
            names = {"DOVECOT", "COURIER", "CYRUS"})
    void imap_push_counts_what_came_to_the_inbox(RealServer make) throws Exception {
        RealMailServer server = make.get();
        long seed = System.nanoTime();
        Set<Step> steps = EnumSet.of(Step.ARRIVE, Step.FLAG);
        if (make != RealServer.COURIER) {
            // Courier does not report a file in cur, and reports changed flags where one message
            // was replaced by another: the next poll counts them.
            steps.addAll(EnumSet.of(Step.MOVE, Step.REMOVE));
        }
        // Servers report with a delay, so many mailboxes wait concurrently.
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> histories = new ArrayList<>();
            for (int i = 0; i < PUSHED; i++) {
                Random random = new Random(seed + i);
                histories.add(
                        threads.submit(() -> {
                            followPushed(server, server.freshUser(), steps, random, seed);
                            return null;
                        }));
            }
            for (Future<?> history : histories) {
                history.get();
            }
        }
    }

    private static void followPushed(
            RealMailServer server, RealMailbox mail, Set<Step> steps, Random random, long seed) {
        History history = new History(mail, steps, random, List.of(RealMailbox.INBOX));
        TrackedMailbox inbox = new TrackedMailbox(RealMailbox.INBOX, ImapState.UNSEEN);
        Login login = HistoryCheck.login(server, Protocol.IMAP, mail.user());
        try (ImapSession session =
                new ImapSessions(LOOPBACK.connector())
                        .open(login, Deadline.after(HistoryCheck.PATIENCE))) {
            assertThat(session.push(List.of(RealMailbox.INBOX))).isTrue();
            inbox.check(session);
            for (int step = 1; step <= HistoryCheck.STEPS / PUSHED; step++) {
                String what = history.step();
                int truth = history.unseen(RealMailbox.INBOX);
                int counted = 0;
                while (counted < truth) {
                    session.renew(Deadline.after(HistoryCheck.PATIENCE));
                    assertThat(session.await(hint -> Optional.of(Duration.ZERO)))
                            .isNotEqualTo(PushSession.Wake.REFUSED);
                    counted += inbox.check(session).newCount();
                }
                assertThat(counted)
                        .describedAs("seed %d, step %d, %s", seed, step, what)
                        .isEqualTo(truth);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = RealServer.class,
            names = {"COURIER", "CYRUS"})
    void no_check_changes_what_a_mail_program_sees(RealServer make) {
        RealMailServer server = make.get();
        RealMailbox mail = server.freshUser();
        TrackedMailbox inbox = new TrackedMailbox(RealMailbox.INBOX, ImapState.UNSEEN);
        TrackedMailbox maildrop = new TrackedMailbox(RealMailbox.INBOX, Pop3State.UNSEEN);
        for (int i = 1; i <= 2; i++) {
            mail.deliver(RealMailbox.INBOX, 2, Instant.now());
            try (ImapSession session =
                    new ImapSessions(LOOPBACK.connector())
                            .open(
                                    HistoryCheck.login(server, Protocol.IMAP, mail.user()),
                                    Deadline.after(HistoryCheck.PATIENCE))) {
                session.push(List.of(RealMailbox.INBOX));
                Change change = inbox.check(session);
                assertThat(change.newCount()).isEqualTo(i == 1 ? 0 : 2);
                assertThat(session.envelopes(change.newest())).hasSize(change.newCount());
                mail.deliver(RealMailbox.INBOX, 1, Instant.now());
                assertThat(session.await(hint -> Optional.of(Duration.ZERO)))
                        .isEqualTo(PushSession.Wake.CHANGED);
                assertThat(inbox.check(session).newCount()).isEqualTo(1);
            }
            try (MailSession session =
                    new Pop3Sessions(LOOPBACK.connector())
                            .open(
                                    HistoryCheck.login(server, Protocol.POP3, mail.user()),
                                    Deadline.after(HistoryCheck.PATIENCE))) {
                Change change = maildrop.check(session);
                assertThat(change.newCount()).isEqualTo(i == 1 ? 0 : 3);
                assertThat(session.envelopes(change.newest())).hasSize(change.newCount());
            }
        }
        assertThat(mail.messages(RealMailbox.INBOX)).hasSize(6);
        assertThat(mail.openForWriting(RealMailbox.INBOX)).isEqualTo(6);
        assertThat(mail.unread(RealMailbox.INBOX)).isEqualTo(6);
    }
}
