package dev.mailbell.mail.pop3;

import dev.mailbell.detection.Pop3Mark;
import dev.mailbell.detection.Pop3Mark.Basis;
import dev.mailbell.detection.Pop3Observation;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.pop3.Listings.Drop;
import dev.mailbell.mail.pop3.login.ServerQuirks;
import dev.mailbell.mail.pop3.protocol.Capabilities;
import dev.mailbell.mail.pop3.protocol.CommandBatch;
import dev.mailbell.mail.pop3.protocol.Pop3Wire;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The cheap proofs at a maildrop that is counted by headers or sizes. */
final class ApproximateCheck {
    private final Pop3Wire wire;
    private final Capabilities capabilities;
    private final Listings listings;
    private final MessageHeaders headers;
    private final ServerQuirks habits;
    private final boolean thorough;
    private @Nullable Drop drop;

    /**
     * @param thorough whether what STAT says is held against LIST, even where nothing seems to have
     *     happened
     */
    ApproximateCheck(
            Pop3Wire wire,
            Capabilities capabilities,
            Listings listings,
            MessageHeaders headers,
            ServerQuirks habits,
            boolean thorough) {
        this.wire = wire;
        this.capabilities = capabilities;
        this.listings = listings;
        this.headers = headers;
        this.habits = habits;
        this.thorough = thorough;
    }

    /** What STAT said; null before the look, or where it had no numbers. */
    @Nullable Drop drop() {
        return drop;
    }

    /** Empty where only the whole maildrop tells. */
    Optional<Pop3Observation> observe(Pop3Mark mark) {
        return mark.basis() == Basis.HEADERS ? byHeaders(mark) : bySizes(mark);
    }

    private Optional<Pop3Observation> byHeaders(Pop3Mark mark) {
        Drop now = listings.drop(flight("STAT").next());
        drop = now;
        return now == null || isStatBehind(mark, now)
                ? Optional.empty()
                : new HeaderCheck(wire, capabilities, listings, headers).observe(mark, now);
    }

    private Optional<Pop3Observation> bySizes(Pop3Mark mark) {
        CommandBatch flight = mark.lacksUidl() ? flight("STAT", "UIDL 1") : flight("STAT");
        Drop now = listings.drop(flight.next());
        drop = now;
        // A server may have learnt UIDL since.
        boolean exact = mark.lacksUidl() && Listings.uid(flight.nextStatus()) != null;
        boolean same =
                !exact
                        && now != null
                        && now.total() == mark.total()
                        && now.octets() == mark.octets()
                        && !isStatBehind(mark, now)
                        && Objects.equals(
                                new IdentityListing(wire, capabilities, listings, headers)
                                        .topMessageId(now.total()),
                                mark.topUid());
        return same ? Optional.of(new Pop3Observation.Unchanged()) : Optional.empty();
    }

    /** Whether the server lists a message behind the last one, though STAT does not count it. */
    private boolean isStatBehind(Pop3Mark mark, Drop now) {
        if (!thorough || now.total() != mark.total()) {
            return false;
        }
        int next = mark.total() + 1;
        try {
            return Listings.size(flight("LIST " + next).nextStatus(), next) >= 0;
        } catch (MailFailure failure) {
            habits.failsBehindTheLast();
            throw failure;
        }
    }

    private CommandBatch flight(String... commands) {
        return new CommandBatch(wire, capabilities.pipelining(), commands);
    }
}
