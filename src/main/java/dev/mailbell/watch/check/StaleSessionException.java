package dev.mailbell.watch.check;

import dev.mailbell.mail.MailFailure;
import java.time.Duration;

/** A kept connection turned out to be lost, which says nothing of the server. */
final class StaleSessionException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient MailFailure failure;
    private final transient Duration age;

    /**
     * @param age how long the connection had lived
     */
    StaleSessionException(MailFailure failure, Duration age) {
        super(failure.reason(), failure, false, false);
        this.failure = failure;
        this.age = age;
    }

    MailFailure failure() {
        return failure;
    }

    Duration age() {
        return age;
    }
}
