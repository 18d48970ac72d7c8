package dev.mailbell.watch.admission;

import dev.mailbell.mail.EgressFailure;
import dev.mailbell.mail.MailFailure;
import java.util.concurrent.atomic.AtomicBoolean;

/** The right to run one check now; given back when the check has ended. */
public final class CheckPermit implements AutoCloseable {
    /** What a check's end says of the mail server. */
    enum Ended {
        SUCCEEDED,
        /** It answered, and the check failed for the account's sake. */
        ANSWERED,
        FAILED,
        /** It did not answer in time. */
        SILENT,
        UNKNOWN
    }

    private final CheckAdmission admission;
    private final AdmissionRequest request;
    private final ServerShare share;
    private final long grantedAt;
    private final AtomicBoolean released = new AtomicBoolean();
    private volatile Ended ended = Ended.UNKNOWN;

    CheckPermit(
            CheckAdmission admission, AdmissionRequest request, ServerShare share, long grantedAt) {
        this.admission = admission;
        this.request = request;
        this.share = share;
        this.grantedAt = grantedAt;
    }

    AdmissionRequest request() {
        return request;
    }

    ServerShare share() {
        return share;
    }

    /** The monotonic clock's nanoseconds at which the check was let in. */
    long grantedAt() {
        return grantedAt;
    }

    Ended ended() {
        return ended;
    }

    public void succeeded() {
        ended = Ended.SUCCEEDED;
    }

    public void failed(MailFailure failure) {
        if (failure instanceof NoRoomException) {
            return;
        }
        if (failure.isSilence()) {
            ended = Ended.SILENT;
        } else {
            // Behind a way out that fails, the server cannot have answered.
            boolean answered = !failure.isOfHost() && !(failure instanceof EgressFailure);
            ended = answered ? Ended.ANSWERED : Ended.FAILED;
        }
    }

    @Override
    public void close() {
        if (released.compareAndSet(false, true)) {
            admission.released(this);
        }
    }
}
