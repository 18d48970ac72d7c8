package dev.mailbell.mail.imap;

import dev.mailbell.detection.Change;
import dev.mailbell.detection.ImapMark;
import dev.mailbell.detection.ImapState;
import dev.mailbell.detection.messages.KnownMessages;
import dev.mailbell.mail.CheckRequest;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** INBOX with the state that the daemon would store between checks. */
public final class TrackedInbox {
    ImapState state;
    private KnownMessages known = KnownMessages.none();
    public @Nullable Instant lastCheckedAt = Instant.now().truncatedTo(ChronoUnit.SECONDS);

    public TrackedInbox(@Nullable ImapMark mark) {
        state = new ImapState(mark, null, null);
    }

    public ImapMark mark() {
        return Objects.requireNonNull(state.mark());
    }

    public Change check(ImapSession session) {
        KnownMessages before = known;
        Change change =
                state.after(
                        session.observe(
                                new CheckRequest(
                                        "INBOX",
                                        state.mark(),
                                        state.searchFrom(null),
                                        state.needsExhaustiveCheck(),
                                        lastCheckedAt)),
                        null,
                        () -> before);
        state = (ImapState) change.next();
        known = change.known().orElse(known);
        return change;
    }
}
