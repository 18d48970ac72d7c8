package dev.mailbell.mail.probe;

import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.PushSession;
import dev.mailbell.network.Deadline;
import dev.mailbell.network.Watchdog;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Stays in IDLE after a probe, so that its log shows what the server says, until the time is over
 * or {@link #stop} is called.
 */
public final class Watching {
    /** How long one IDLE lasts, as the daemon's do. */
    private static final Duration ONE_IDLE = Duration.ofMinutes(9);

    private static final Duration FOR_THE_ANSWER = Duration.ofSeconds(20);

    private final Duration span;
    private final Runnable begins;
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final AtomicReference<@Nullable PushSession> waiting = new AtomicReference<>();

    /**
     * @param span how long to stay, at most 24 hours
     * @param begins called when the probe is done and the waiting begins
     */
    public Watching(Duration span, Runnable begins) {
        this.span = span;
        this.begins = begins;
    }

    /** Ends the waiting, at once or as soon as it begins; for any thread. */
    public void stop() {
        stopped.set(true);
        PushSession session = waiting.get();
        if (session != null) {
            session.interrupt();
        }
    }

    /**
     * Waits in IDLE.
     *
     * @return false when the server ends it each time, or refuses it
     * @throws MailFailure when the connection is lost
     */
    boolean run(PushSession session, Watchdog watchdog) {
        Deadline end = Deadline.after(span);
        waiting.set(session);
        begins.run();
        while (!stopped.get() && !end.isPast()) {
            Deadline one = end.atMost(ONE_IDLE);
            session.renew(Deadline.after(one.remaining().plus(FOR_THE_ANSWER)));
            PushSession.Wake wake;
            try (Watchdog.Cut _ = watchdog.arm(one, session::interrupt)) {
                // No hint ends the waiting: what the server says is only shown.
                wake = session.await(hint -> Optional.empty());
            }
            if (wake == PushSession.Wake.REFUSED) {
                return false;
            }
        }
        return true;
    }
}
