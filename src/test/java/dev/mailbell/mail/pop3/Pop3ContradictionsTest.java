package dev.mailbell.mail.pop3;

import static dev.mailbell.mail.pop3.Pop3Kit.LONG;
import static dev.mailbell.mail.pop3.Pop3Kit.check;
import static dev.mailbell.mail.pop3.Pop3Kit.login;
import static dev.mailbell.mail.pop3.Pop3Kit.sessions;
import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.Pop3Observation;
import dev.mailbell.detection.Pop3State;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.detection.messages.MessageListing;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.HostProofs;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.MailSession;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server with contradicting answers, and the count once it answers correctly. */
class Pop3ContradictionsTest {
    /** {@code -Dmailbell.contradictions=200000} for a long run. */
    private static final int CHECKS = Integer.getInteger("mailbell.contradictions", 1_500);

    private static final int LIES = 25;

    /** Far below a loop: the tail's 64 messages, three listings, and a second connection. */
    private static final int COMMANDS_A_CHECK = 250;

    private int checks;

    @Test
    @Timeout(7_200)
    void nothing_is_lost_to_lies_and_nothing_announced_that_was_not_shown() throws IOException {
        long seed = Long.getLong("mailbell.seed", System.nanoTime());
        Random random = new Random(seed);
        System.out.println("contradictions: seed " + seed);
        for (int history = 0; checks < CHECKS; history++) {
            oneHistory(random, "seed " + seed + ", history " + history, history % 2 == 0);
        }
    }

    private void oneHistory(Random random, String where, boolean fewSizes) throws IOException {
        AtomicLong nanos = new AtomicLong();
        HostProofs hostProofs = new HostProofs(nanos::get);
        try (LyingServer server = new LyingServer(new Random(random.nextLong()))) {
            int made = 0;
            for (; made < random.nextInt(20); made++) {
                server.maildrop.add(message(made, random, fewSizes));
            }
            Account account = new Account(server, hostProofs);
            account.checkAndCount(where);
            int baseline = account.known.live();
            Set<String> counted = new HashSet<>();
            for (int round = 0; round < 3; round++) {
                for (int lie = random.nextInt(LIES); lie >= 0; lie--) {
                    server.lie(random.nextInt(4) > 0);
                    made += happen(server, random, made, fewSizes);
                    nanos.addAndGet(random.nextLong(Duration.ofHours(12).toNanos()));
                    account.checkAndCount(where);
                }
                server.lie(false);
                for (int truth = 0; truth < 2; truth++) {
                    assertThat(account.checkAndCount(where))
                            .as(where + ": the truth is taken")
                            .isNull();
                }
                assertThat(account.known.live()).as(where).isEqualTo(server.maildrop.size());
                server.maildrop.stream()
                        .map(LyingServer.Message::uid)
                        .filter(uid -> number(uid) >= baseline)
                        .forEach(counted::add);
                assertThat(account.sum).as(where).isGreaterThanOrEqualTo(counted.size());
                if (fewSizes) {
                    int shown = server.shown.values().stream().mapToInt(Integer::intValue).sum();
                    assertThat(account.sum)
                            .as(where)
                            .isLessThanOrEqualTo(shown - baseline + account.repeated);
                }
            }
        }
    }

    private static int number(String uid) {
        return Integer.parseInt(uid.substring(1));
    }

    private static LyingServer.Message message(int number, Random random, boolean fewSizes) {
        int size = fewSizes ? 100 + random.nextInt(5) : 100 + random.nextInt(50_000);
        return new LyingServer.Message("u" + number, size);
    }

    /** Changes the maildrop and returns how many messages arrived. */
    private static int happen(LyingServer server, Random random, int made, boolean fewSizes) {
        int came = random.nextInt(3);
        for (int i = 0; i < came; i++) {
            server.maildrop.add(message(made + i, random, fewSizes));
        }
        if (!server.maildrop.isEmpty() && random.nextInt(3) == 0) {
            server.maildrop.remove(random.nextInt(server.maildrop.size()));
        }
        return came;
    }

    private final class Account {
        private final LyingServer server;
        private final Pop3Sessions sessions;
        private Pop3State state = Pop3State.UNSEEN;
        private KnownMessages known = KnownMessages.none();
        private long sum;

        /**
         * How many messages after the known ones had the UID of a known one. Such a message is a
         * second one (RFC 1939, section 7), though the server showed them in different sessions.
         */
        private long repeated;

        Account(LyingServer server, HostProofs hostProofs) {
            this.server = server;
            this.sessions = sessions(hostProofs);
        }

        /** Returns the failure, or null when there was none. */
        @Nullable MailFailure checkAndCount(String where) {
            checks++;
            int before = server.commands.get();
            MailFailure failed = null;
            try (MailSession session = sessions.open(login(server.port()), Deadline.after(LONG))) {
                Pop3Observation seen = check(session, state.mark());
                if (seen instanceof Pop3Observation.Tail(_, MessageListing tail)) {
                    repeated += known.listed(tail).survivors();
                }
                Change change = state.after(seen, null, () -> known);
                state = (Pop3State) change.next();
                known = change.known().orElse(known);
                sum += change.newCount();
            } catch (MailFailure failure) {
                assertThat(failure.reason()).as(where).isNotBlank();
                assertThat(failure.code())
                        .as(where + ": " + failure.reason())
                        .isIn(FailureCode.PROTOCOL_ERROR, FailureCode.SERVER_ERROR);
                failed = failure;
            }
            assertThat(server.commands.get() - before).as(where).isLessThan(COMMANDS_A_CHECK);
            return failed;
        }
    }
}
