package dev.mailbell.watch;

import dev.mailbell.account.Account;
import dev.mailbell.fairness.Shares;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.connection.ConnectionGroup;
import dev.mailbell.mail.transcript.Transcript;
import dev.mailbell.network.Deadline;
import dev.mailbell.watch.AccountCommands.Traced;
import dev.mailbell.watch.account.WatchedAccount;
import dev.mailbell.watch.admission.CheckTrigger;
import dev.mailbell.watch.admission.NoRoomException;
import dev.mailbell.watch.check.AccountChecker.CheckResult;
import dev.mailbell.watch.check.CheckedMailbox;
import dev.mailbell.watch.host.OpenSession;
import dev.mailbell.watch.record.CredentialResolver;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Checks on demand whose dialogue is written down. Nothing is written down for any other check; a
 * transcript takes up to a few hundred kilobytes, so that few are made at once.
 */
final class TracedChecks {
    private static final int MOST_AT_ONCE = 100;

    private final OnDemandChecks onDemand;
    private final CredentialResolver credentials;
    private final InstantSource clock;

    /** Clients share the traces that are under way; guarded by itself. */
    private final Shares underWay = new Shares(MOST_AT_ONCE);

    TracedChecks(OnDemandChecks onDemand, CredentialResolver credentials, InstantSource clock) {
        this.onDemand = onDemand;
        this.credentials = credentials;
        this.clock = clock;
    }

    Traced trace(WatchedAccount watched, boolean anew, Deadline deadline) {
        UUID client = watched.account().clientId();
        synchronized (underWay) {
            if (!underWay.mayTake(client)) {
                throw new NoRoomException("too many traces are under way; try again later");
            }
            underWay.add(client, 1);
        }
        try {
            return begun(watched, anew, deadline);
        } finally {
            synchronized (underWay) {
                underWay.add(client, -1);
            }
        }
    }

    private Traced begun(WatchedAccount watched, boolean anew, Deadline deadline) {
        Account account = watched.account();
        AtomicReference<@Nullable Running> running = new AtomicReference<>();
        try {
            return onDemand.by(account, deadline, () -> traced(watched, anew, deadline, running));
        } catch (NoRoomException late) {
            Running made = running.get();
            if (made == null || !deadline.isPast()) {
                throw late;
            }
            // The dialogue up to now says what took so long.
            return made.ended(List.of(), new MailFailure(FailureCode.TIMEOUT, late.reason()));
        }
    }

    /** A trace that has begun. */
    private record Running(Transcript transcript, Instant startedAt, long begun) {
        Traced ended(List<CheckedMailbox> checked, @Nullable MailFailure failure) {
            if (failure != null) {
                transcript.note(failure.code().wireName() + ": " + failure.reason());
            }
            Transcript.Shown shown = transcript.shown();
            return new Traced(
                    startedAt,
                    (System.nanoTime() - begun) / 1_000_000,
                    checked,
                    failure == null ? null : failure.code(),
                    failure == null ? null : failure.reason(),
                    shown.lines(),
                    shown.omitted());
        }
    }

    private Traced traced(
            WatchedAccount watched,
            boolean anew,
            Deadline deadline,
            AtomicReference<@Nullable Running> running) {
        ConnectionGroup connections = watched.session().connections();
        try {
            CheckResult result =
                    onDemand.checkNow(
                            watched,
                            CheckTrigger.CHECK,
                            null,
                            deadline,
                            () -> running.set(begin(watched, anew)),
                            () -> connections.transcribe(null));
            return require(running).ended(result.checked(), null);
        } catch (NoRoomException full) {
            throw full;
        } catch (MailFailure failure) {
            return require(running).ended(List.of(), failure);
        }
    }

    private static Running require(AtomicReference<@Nullable Running> running) {
        Running made = running.get();
        if (made == null) {
            throw new IllegalStateException("a check has ended that has not begun");
        }
        return made;
    }

    /** The caller holds the account's lock. */
    private Running begin(WatchedAccount watched, boolean anew) {
        Transcript transcript =
                new Transcript(
                        watched.account().mail().protocol(),
                        credentials.secrets(watched.account()),
                        System::nanoTime);
        Running begun =
                new Running(
                        transcript,
                        clock.instant().truncatedTo(ChronoUnit.MILLIS),
                        System.nanoTime());
        watched.session().connections().transcribe(transcript);
        OpenSession kept = watched.session().open();
        if (kept != null) {
            transcript.note(
                    (anew ? "logs out of" : "goes on with")
                            + " the session that has been open for "
                            + kept.age().toSeconds()
                            + " s");
            if (anew) {
                watched.session().close();
            }
        }
        return begun;
    }
}
