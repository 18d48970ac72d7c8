package dev.mailbell.mail.pop3;

import dev.mailbell.detection.Pop3Mark.Basis;
import dev.mailbell.detection.Pop3Observation.Full;
import dev.mailbell.detection.Pop3Observation.Sizes;
import dev.mailbell.detection.messages.Arrival;
import dev.mailbell.mail.FailureCode;
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
 * What a session is asked where a listing has UIDs never seen and misses others.
 *
 * <p>The UIDs of three sessions are compared, because one listing may be wrong: most of them differ
 * in each, while numbers and sizes are the same, only where UIDs are made up for the session.
 */
final class UidComparison implements Sizes {
    /** A server's clock may be slow by this. */
    private static final Duration SKEW = Duration.ofMinutes(15);

    private final Pop3Session session;
    private final ServerQuirks habits;
    private final Full first;
    private final @Nullable Instant lastLook;

    /** Whether a session after the first one showed other messages. */
    private boolean hasMoved;

    UidComparison(
            Pop3Session session, ServerQuirks habits, Full first, @Nullable Instant lastLook) {
        this.session = session;
        this.habits = habits;
        this.first = first;
        this.lastLook = lastLook;
    }

    @Override
    public int[] at(int[] places) {
        return first.sizes().at(places);
    }

    @Override
    public boolean doUidsLast() {
        if (habits.hasComparedUids() || session.loginDelay().isPresent()) {
            return true;
        }
        try {
            return !areMadeUp();
        } catch (MailFailure failure) {
            // A server that takes no second login must not fail each check.
            habits.comparedUids();
            throw failure.code().needsOwner() ? refusedNow(failure) : failure;
        }
    }

    /** The password is right: it was taken a moment before. */
    private static MailFailure refusedNow(MailFailure failure) {
        return new MailFailure(
                FailureCode.SERVER_ERROR,
                "The server took a first login and refused the second one behind it. "
                        + failure.reason(),
                failure);
    }

    private boolean areMadeUp() {
        Full second = session.listAnew();
        if (!isComparable(first, second)) {
            return inVain();
        }
        if (!areMostlyOthers(first, second)) {
            habits.comparedUids();
            return false;
        }
        Full third = session.listAnew();
        if (!isComparable(second, third)
                || !Arrays.equals(second.messages().sizes(), third.messages().sizes())) {
            return inVain();
        }
        boolean made = areMostlyOthers(first, third) && areMostlyOthers(second, third);
        if (!made) {
            habits.comparedUids();
        }
        return made;
    }

    private boolean inVain() {
        hasMoved = true;
        habits.comparedInVain();
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
        return habits.haveUidsChangedAgain(
                one, Objects.requireNonNullElse(first.mark().topUid(), one));
    }

    @Override
    public Full withoutUids() {
        return session.listWithoutUids();
    }

    @Override
    public Arrival[] arrivals(int[] places) {
        Arrival[] arrivals = new Arrival[places.length];
        Arrays.fill(arrivals, Arrival.UNKNOWN);
        if (lastLook == null || hasMoved) {
            return arrivals;
        }
        Instant before = lastLook.minus(SKEW);
        int[] numbers =
                Arrays.stream(places).map(place -> first.messages().numbers()[place]).toArray();
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
