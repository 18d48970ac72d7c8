package dev.mailbell.mail.imap;

import dev.mailbell.mail.LookRequest;
import dev.mailbell.mark.Change;
import dev.mailbell.mark.ImapMark;
import dev.mailbell.mark.ImapState;
import dev.mailbell.mark.KnownMessages;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A mailbox of messages that are known by what the daemon stores of them. */
final class Followed {
    ImapState state;
    private KnownMessages known = KnownMessages.none();
    @Nullable Instant lastLook = Instant.now().truncatedTo(ChronoUnit.SECONDS);

    Followed(@Nullable ImapMark mark) {
        state = new ImapState(mark, null, null);
    }

    ImapMark mark() {
        return Objects.requireNonNull(state.mark());
    }

    Change look(ImapSession session) {
        KnownMessages before = known;
        Change change =
                state.after(
                        session.observe(
                                new LookRequest(
                                        "INBOX",
                                        state.mark(),
                                        state.searchFrom(null),
                                        state.isOpen(),
                                        lastLook)),
                        null,
                        () -> before);
        state = (ImapState) change.next();
        known = change.known().orElse(known);
        return change;
    }
}
