package dev.mailbell.mail.imap.protocol;

import dev.mailbell.mail.connection.LimitedSocket;
import dev.mailbell.network.Deadline;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A line that is sent together with the next command. Until both are answered a shorter deadline
 * holds, and the result is recorded for the host.
 */
final class HeldLine {
    private final LimitedSocket socket;
    private final Pipelining.Host host;

    /** The time within which the line and the next command must be answered; null for no line. */
    private @Nullable Duration within;

    HeldLine(LimitedSocket socket, Pipelining.Host host) {
        this.socket = socket;
        this.host = host;
    }

    void hold(Duration time) {
        within = time;
    }

    boolean isHeld() {
        return within != null;
    }

    /** Starts the time when the next command is sent. */
    void sent() {
        Duration time = within;
        if (time != null) {
            socket.hasten(Deadline.after(time));
        }
    }

    /** Records that the line and the command after it are answered. */
    void answered() {
        if (within != null) {
            within = null;
            socket.relax();
            host.answered();
        }
    }

    /** Records that the connection was lost. */
    void lost() {
        if (within != null) {
            host.failed();
        }
    }
}
