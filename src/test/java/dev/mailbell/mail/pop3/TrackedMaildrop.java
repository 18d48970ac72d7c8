package dev.mailbell.mail.pop3;

import static dev.mailbell.mail.pop3.Pop3Kit.login;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Pop3State;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.mail.CheckRequest;
import dev.mailbell.mail.HostProofs;
import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.Proof;
import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A maildrop that is checked over and over, by a clock that a test sets. */
final class TrackedMaildrop {
    final HostProofs hostProofs;
    final AtomicReference<Instant> now =
            new AtomicReference<>(Instant.parse("2026-11-28T12:00:30Z"));
    Pop3State state = Pop3State.UNSEEN;
    KnownMessages known = KnownMessages.none();
    @Nullable Proof proof;
    int announced;
    int resets;

    /** Whether the result of a check is not stored, as when the database is unavailable. */
    boolean forgetful;

    private final FakePop3 server;
    private final Pop3Sessions sessions;
    private @Nullable Instant lastCheckedAt;

    TrackedMaildrop(FakePop3 server) {
        this(server, 3);
    }

    /**
     * @param part the part of the time of a check after which another command is tried
     */
    TrackedMaildrop(FakePop3 server, int part) {
        Instant start = now.get();
        this.server = server;
        this.hostProofs = new HostProofs(() -> Duration.between(start, now.get()).toNanos());
        this.sessions =
                Pop3Kit.sessions(
                        hostProofs,
                        () -> Duration.between(start, now.get()).toNanos(),
                        now::get,
                        part);
    }

    Pop3Mark mark() {
        return Objects.requireNonNull(state.mark());
    }

    Change check() {
        return check(null);
    }

    Change check(@Nullable PositionUpdate update) {
        try (MailSession session =
                sessions.open(login(server.port()), Deadline.after(Pop3Kit.LONG))) {
            CheckRequest request =
                    new CheckRequest("INBOX", state.mark(), 1, update != null, lastCheckedAt);
            Change change = state.after(session.observe(request), update, () -> known);
            if (forgetful) {
                return change;
            }
            state = (Pop3State) change.next();
            known = change.known().orElse(known);
            proof = session.proof().orElseThrow();
            announced += change.newCount();
            resets += change.kind() == Change.Kind.RESET ? 1 : 0;
            return change;
        } finally {
            lastCheckedAt = now.get();
            now.updateAndGet(instant -> instant.plus(Duration.ofMinutes(1)));
        }
    }
}
