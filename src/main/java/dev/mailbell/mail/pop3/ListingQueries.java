package dev.mailbell.mail.pop3;

import dev.mailbell.detection.Pop3Mark.Basis;
import dev.mailbell.detection.Pop3Observation.Full;
import dev.mailbell.detection.Pop3Observation.Queries;
import dev.mailbell.detection.messages.Arrival;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.pop3.MessageHeaders.Facts;
import dev.mailbell.mail.pop3.login.ServerQuirks;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Asks the server further questions about a listing in which UIDs are unknown and known UIDs are
 * missing.
 *
 * <p>The UIDs of three sessions are compared, because one listing may be wrong: the server makes up
 * UIDs for each session only if most of them differ in all three, while numbers and sizes are
 * equal.
 */
final class ListingQueries implements Queries {
    /** How much a server's clock may be slow. */
    private static final Duration SKEW = Duration.ofMinutes(15);

    private final Pop3Session session;
    private final ServerQuirks quirks;
    private final Full first;
    private final @Nullable Instant lastCheckedAt;

    /** Whether a later session showed other messages than the first one. */
    private boolean hasChanged;

    ListingQueries(
            Pop3Session session, ServerQuirks quirks, Full first, @Nullable Instant lastCheckedAt) {
        this.session = session;
        this.quirks = quirks;
        this.first = first;
        this.lastCheckedAt = lastCheckedAt;
    }

    @Override
    public int[] sizes(int[] indexes) {
        return first.queries().sizes(indexes);
    }

    @Override
    public boolean areUidsStable() {
        if (quirks.hasComparedUids() || session.loginDelay().isPresent()) {
            return true;
        }
        try {
            return !areSessionUids();
        } catch (MailFailure failure) {
            // A server that refuses a second login must not fail every check.
            quirks.comparedUids();
            throw Pop3Sessions.afterAcceptedLogin(failure);
        }
    }

    private boolean areSessionUids() {
        Full second = session.listInNewSession();
        if (!isComparable(first, second)) {
            return incomparable();
        }
        if (!areMostlyOthers(first, second)) {
            quirks.comparedUids();
            return false;
        }
        Full third = session.listInNewSession();
        if (!isComparable(second, third)
                || !Arrays.equals(second.messages().sizes(), third.messages().sizes())) {
            return incomparable();
        }
        boolean sessionUids = areMostlyOthers(first, third) && areMostlyOthers(second, third);
        if (!sessionUids) {
            quirks.comparedUids();
        }
        return sessionUids;
    }

    private boolean incomparable() {
        hasChanged = true;
        quirks.comparedInVain();
        return false;
    }

    private static boolean isComparable(Full before, Full now) {
        return now.mark().basis() == Basis.UIDS
                && before.messages().size() == now.messages().size()
                && before.mark().octets() == now.mark().octets();
    }

    private static boolean areMostlyOthers(Full before, Full now) {
        Set<Long> keys =
                Arrays.stream(before.messages().keys()).boxed().collect(Collectors.toSet());
        long others = Arrays.stream(now.messages().keys()).filter(k -> !keys.contains(k)).count();
        return others * 2 > now.messages().size();
    }

    @Override
    public boolean haveUidsChangedAgain() {
        String one = Objects.requireNonNullElse(first.mark().firstUid(), "");
        return quirks.haveUidsChangedAgain(
                one, Objects.requireNonNullElse(first.mark().topUid(), one));
    }

    @Override
    public Full withoutUids() {
        return session.listWithoutUids();
    }

    @Override
    public Arrival[] arrivals(int[] indexes) {
        Arrival[] arrivals = new Arrival[indexes.length];
        Arrays.fill(arrivals, Arrival.UNKNOWN);
        if (lastCheckedAt == null || hasChanged) {
            return arrivals;
        }
        Instant before = lastCheckedAt.minus(SKEW);
        int[] numbers =
                Arrays.stream(indexes).map(index -> first.messages().numbers()[index]).toArray();
        Facts[] headers = session.headers(numbers);
        for (int i = 0; i < arrivals.length; i++) {
            Instant received = headers[i].received();
            if (received != null) {
                arrivals[i] = received.isBefore(before) ? Arrival.BEFORE : Arrival.SINCE;
            }
        }
        return arrivals;
    }
}
