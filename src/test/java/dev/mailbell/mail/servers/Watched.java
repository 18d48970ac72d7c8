package dev.mailbell.mail.servers;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.MailboxState;
import dev.mailbell.detection.PositionUpdate;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.mail.CheckRequest;
import dev.mailbell.mail.MailSession;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One mailbox as the daemon keeps it. */
final class Watched {
    private final String name;
    private MailboxState state;
    private KnownMessages known = KnownMessages.none();
    private @Nullable Instant lastLook;

    Watched(String name, MailboxState state) {
        this.name = name;
        this.state = state;
    }

    String name() {
        return name;
    }

    Change look(MailSession session) {
        return look(session, null);
    }

    Change look(MailSession session, @Nullable PositionUpdate update) {
        Instant now = Instant.now();
        CheckRequest request =
                new CheckRequest(
                        name, state.mark(), state.searchFrom(update), update != null, lastLook);
        Change change = state.after(session.observe(request), update, () -> known);
        known = change.known().orElse(known);
        state = change.next();
        lastLook = now;
        return change;
    }
}
