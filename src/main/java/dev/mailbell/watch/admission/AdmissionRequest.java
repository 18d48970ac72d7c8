package dev.mailbell.watch.admission;

import dev.mailbell.watch.schedule.CheckWait;
import java.util.concurrent.atomic.AtomicReference;

/** A check that wants to run: it waits for a permit of its kind and of its server. */
public final class AdmissionRequest implements CheckWait {
    private enum State {
        WAITING,
        GRANTED,
        REFUSED,
        CANCELLED
    }

    /** What becomes of a request; called by any thread, must not block. */
    public interface Answer {
        /** The check may run; the permit is given back when it has ended. */
        void granted(CheckPermit permit);

        /** The check must not run: it has failed, or the node is stopping. */
        void refused(RuntimeException why);

        /** The check is not wanted any more. */
        default void cancelled() {}
    }

    private final CheckAdmission admission;
    private final CheckKind kind;
    private final CheckedServer server;
    private final boolean retry;
    private final long since;
    private final Answer answer;
    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);

    /**
     * @param retry whether the account's last check failed
     * @param since the monotonic clock's nanoseconds
     */
    AdmissionRequest(
            CheckAdmission admission,
            CheckKind kind,
            CheckedServer server,
            boolean retry,
            long since,
            Answer answer) {
        this.admission = admission;
        this.kind = kind;
        this.server = server;
        this.retry = retry;
        this.since = since;
        this.answer = answer;
    }

    CheckKind kind() {
        return kind;
    }

    CheckedServer server() {
        return server;
    }

    boolean isRetry() {
        return retry;
    }

    long since() {
        return since;
    }

    @Override
    public boolean isWaiting() {
        return state.get() == State.WAITING;
    }

    @Override
    public void cancel() {
        if (state.compareAndSet(State.WAITING, State.CANCELLED)) {
            admission.cancelled(this);
            answer.cancelled();
        }
    }

    /** Gives the permit back when the request was cancelled meanwhile. */
    void grant(CheckPermit permit) {
        if (state.compareAndSet(State.WAITING, State.GRANTED)) {
            answer.granted(permit);
        } else {
            permit.close();
        }
    }

    void refuse(RuntimeException why) {
        if (state.compareAndSet(State.WAITING, State.REFUSED)) {
            answer.refused(why);
        }
    }
}
