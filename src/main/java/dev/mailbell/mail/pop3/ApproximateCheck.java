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

/** The cheap proofs for a maildrop that is counted by headers or sizes. */
final class ApproximateCheck {
    private final Pop3Wire wire;
    private final Capabilities capabilities;
    private final Listings listings;
    private final MessageHeaders headers;
    private final ServerQuirks quirks;
    private final boolean thorough;
    private @Nullable Drop drop;

    /**
     * @param thorough whether STAT is verified by LIST even if it is unchanged
     */
    ApproximateCheck(
            Pop3Wire wire,
            Capabilities capabilities,
            Listings listings,
            MessageHeaders headers,
            ServerQuirks quirks,
            boolean thorough) {
        this.wire = wire;
        this.capabilities = capabilities;
        this.listings = listings;
        this.headers = headers;
        this.quirks = quirks;
        this.thorough = thorough;
    }

    /** The answer to STAT; null before the check, or if it had no numbers. */
    @Nullable Drop drop() {
        return drop;
    }

    /** Returns empty if the whole maildrop must be listed. */
    Optional<Pop3Observation> observe(Pop3Mark mark) {
        return mark.basis() == Basis.HEADERS ? byHeaders(mark) : bySizes(mark);
    }

    private Optional<Pop3Observation> byHeaders(Pop3Mark mark) {
        Drop now = listings.drop(batch("STAT").next());
        drop = now;
        return now == null || isStatTooLow(mark, now)
                ? Optional.empty()
                : new HeaderCheck(capabilities, listings, headers).observe(mark, now);
    }

    private Optional<Pop3Observation> bySizes(Pop3Mark mark) {
        CommandBatch batch = mark.lacksUidl() ? batch("STAT", "UIDL 1") : batch("STAT");
        Drop now = listings.drop(batch.next());
        drop = now;
        // The server may support UIDL by now.
        boolean exact = mark.lacksUidl() && Listings.uid(batch.nextStatus()) != null;
        boolean same =
                !exact
                        && now != null
                        && now.total() == mark.total()
                        && now.octets() == mark.octets()
                        && !isStatTooLow(mark, now)
                        && Objects.equals(
                                new IdentityListing(wire, capabilities, listings, headers)
                                        .topMessageId(now.total()),
                                mark.topUid());
        return same ? Optional.of(new Pop3Observation.Unchanged()) : Optional.empty();
    }

    /** Whether the server lists a message after the last one that STAT counts. */
    private boolean isStatTooLow(Pop3Mark mark, Drop now) {
        if (!thorough || now.total() != mark.total()) {
            return false;
        }
        int next = mark.total() + 1;
        try {
            return Listings.size(batch("LIST " + next).nextStatus(), next) >= 0;
        } catch (MailFailure failure) {
            quirks.failsBeyondLast();
            throw failure;
        }
    }

    private CommandBatch batch(String... commands) {
        return new CommandBatch(wire, capabilities.pipelining(), commands);
    }
}
