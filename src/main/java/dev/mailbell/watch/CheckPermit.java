package dev.mailbell.watch;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import java.util.concurrent.atomic.AtomicBoolean;

/** The right to run one check now; given back when the check has ended. */
final class CheckPermit implements AutoCloseable {
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
    private final CheckRequest request;
    private final HostStanding standing;
    private final long grantedAt;
    private final AtomicBoolean released = new AtomicBoolean();
    private volatile Ended ended = Ended.UNKNOWN;

    CheckPermit(
            CheckAdmission admission, CheckRequest request, HostStanding standing, long grantedAt) {
        this.admission = admission;
        this.request = request;
        this.standing = standing;
        this.grantedAt = grantedAt;
    }

    CheckRequest request() {
        return request;
    }

    HostStanding standing() {
        return standing;
    }

    /** The monotonic clock's nanoseconds at which the check was let in. */
    long grantedAt() {
        return grantedAt;
    }

    Ended ended() {
        return ended;
    }

    void succeeded() {
        ended = Ended.SUCCEEDED;
    }

    void failed(MailFailure failure) {
        if (failure instanceof NoRoomException) {
            return;
        }
        ended =
                failure.code() == FailureCode.TIMEOUT
                        ? Ended.SILENT
                        : failure.code().isOfHost() ? Ended.FAILED : Ended.ANSWERED;
    }

    @Override
    public void close() {
        if (released.compareAndSet(false, true)) {
            admission.released(this);
        }
    }
}
