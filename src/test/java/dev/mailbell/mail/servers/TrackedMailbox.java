package dev.mailbell.mail.servers;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.MailboxState;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.mail.CheckRequest;
import dev.mailbell.mail.MailSession;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One mailbox with the state that the daemon would store between checks. */
final class TrackedMailbox {
    private final String name;
    private MailboxState state;
    private KnownMessages known = KnownMessages.none();
    private @Nullable Instant lastCheckedAt;

    TrackedMailbox(String name, MailboxState state) {
        this.name = name;
        this.state = state;
    }

    String name() {
        return name;
    }

    Change check(MailSession session) {
        return check(session, null);
    }

    Change check(MailSession session, @Nullable PositionUpdate update) {
        Instant now = Instant.now();
        CheckRequest request =
                new CheckRequest(
                        name,
                        state.mark(),
                        state.searchFrom(update),
                        update != null,
                        lastCheckedAt);
        Change change = state.after(session.observe(request), update, () -> known);
        known = change.known().orElse(known);
        state = change.next();
        lastCheckedAt = now;
        return change;
    }
}
