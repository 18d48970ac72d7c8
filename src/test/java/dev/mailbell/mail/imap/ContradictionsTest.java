package dev.mailbell.mail.imap;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.ImapState;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.mail.CheckRequest;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A server that contradicts itself while messages are added and removed: once it answers correctly
 * again, no message is missing from the sum and none is in it twice. {@code
 * -Dmailbell.contradictions=200000} is the long run.
 */
@Timeout(7200)
class ContradictionsTest {
    private static final int CHECKS = Integer.getInteger("mailbell.contradictions", 1_500);

    /** Far more than a check needs that tries every proof. */
    private static final int COMMANDS = 60;

    private Instant now = Instant.parse("2026-11-20T12:00:00Z");
    private ImapState state = ImapState.UNSEEN;
    private @Nullable ImapSession session;
    private @Nullable Instant lastCheckedAt;
    private @Nullable Instant lastRecorded;
    private final StringBuilder history = new StringBuilder();
    private long sum;
    private int checks;
    private int failures;

    @Test
    void once_a_server_tells_the_truth_again_every_message_is_counted_once() throws IOException {
        long seed = Long.getLong("mailbell.contradictions.seed", new Random().nextLong());
        int rounds = 0;
        for (; checks < CHECKS; rounds++) {
            try {
                round(new Random(seed + rounds));
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(
                        "seed " + (seed + rounds) + ": " + e.getMessage() + "\n" + history, e);
            }
        }
        assertThat(failures).as("seed %d: checks that failed", seed).isLessThan(checks / 2);
        System.out.printf(
                "seed %d: %,d checks in %,d rounds, %,d failed for a reason%n",
                seed, checks, rounds, failures);
    }

    private void round(Random random) throws IOException {
        state = ImapState.UNSEEN;
        lastCheckedAt = null;
        lastRecorded = null;
        sum = 0;
        history.setLength(0);
        try (LyingImap server = new LyingImap(random);
                ImapKit.Closing ignored = this::closeSession) {
            for (int i = random.nextInt(6); i > 0; i--) {
                server.arrive(now);
            }
            ImapSessions sessions = ImapKit.sessions();
            check(server, sessions, false);
            Set<Long> atFirst = server.uids();
            int arrived = 0;
            for (int i = 3 + random.nextInt(10); i > 0; i--) {
                arrived += happen(server, random);
                check(server, sessions, true);
                if (random.nextInt(4) == 0) {
                    closeSession();
                }
            }
            for (int i = 0; i < ImapState.OLDER_VIEWS + 3; i++) {
                check(server, sessions, false);
            }
            Set<Long> missed = new HashSet<>(server.uids());
            missed.removeAll(atFirst);
            assertThat(sum)
                    .as("announced; the mark is %s", state.mark())
                    .isBetween((long) missed.size(), (long) arrived + server.phantoms());
            // From here on nothing is left of the lies.
            int more = happen(server, random);
            long before = sum;
            check(server, sessions, false);
            assertThat(sum - before).as("announced after the lies").isLessThanOrEqualTo(more);
        }
    }

    private int happen(LyingImap server, Random random) {
        now = now.plusSeconds(10);
        int arrived = random.nextInt(5) == 0 ? 0 : random.nextInt(3);
        for (int i = 0; i < arrived; i++) {
            server.arrive(now);
        }
        if (random.nextInt(3) == 0) {
            server.remove();
        }
        if (random.nextInt(8) == 0) {
            server.skip(1 + random.nextInt(3));
        }
        now = now.plusSeconds(10);
        return arrived;
    }

    private void check(LyingImap server, ImapSessions sessions, boolean lies) {
        checks++;
        server.begin(lies);
        Deadline deadline = Deadline.after(Duration.ofSeconds(60));
        try {
            ImapSession open = session;
            if (open == null) {
                open = sessions.open(ImapKit.login(server.port()), deadline);
                session = open;
            }
            open.renew(deadline);
            CheckRequest request =
                    new CheckRequest(
                            "INBOX",
                            state.mark(),
                            state.searchFrom(null),
                            state.needsExhaustiveCheck(),
                            state.sawOlderMailbox() ? lastRecorded : lastCheckedAt);
            Change change = state.after(open.observe(request), null, KnownMessages::none);
            state = (ImapState) change.next();
            lastCheckedAt = now;
            if (change.kind() != Change.Kind.NOTHING) {
                lastRecorded = now;
            }
            sum += change.newCount();
            history.append(server.transcript())
                    .append("= ")
                    .append(change.kind())
                    .append(' ')
                    .append(change.newCount())
                    .append(' ')
                    .append(state.mark())
                    .append(lies ? "\n" : " (truth)\n");
        } catch (MailFailure failure) {
            assertThat(lies).as("%s%n%s", failure.reason(), server.transcript()).isTrue();
            assertThat(failure.code())
                    .as(failure.reason())
                    .isIn(FailureCode.PROTOCOL_ERROR, FailureCode.SERVER_ERROR);
            assertThat(failure.reason()).isNotBlank();
            failures++;
            history.append(server.transcript()).append("= ").append(failure.reason()).append('\n');
            closeSession();
        }
        assertThat(server.commands()).as(server.transcript()).isLessThan(COMMANDS);
    }

    private void closeSession() {
        ImapSession open = session;
        session = null;
        if (open != null) {
            open.close();
        }
    }
}
