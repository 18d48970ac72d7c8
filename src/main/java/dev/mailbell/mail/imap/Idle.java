package dev.mailbell.mail.imap;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.imap.protocol.ImapWire;
import dev.mailbell.mail.imap.protocol.Refusals;
import dev.mailbell.mail.imap.protocol.Reply;
import dev.mailbell.mail.imap.protocol.SharedResponse;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * IDLE (RFC 2177): waits for unsolicited responses until one of them ends the waiting or another
 * thread interrupts it. DONE is sent once, by the thread that is first.
 */
final class Idle {
    /**
     * The maximum number of lines during one IDLE. Servers send keep-alive lines; one that sends
     * this many is broken.
     */
    private static final int LINES_LIMIT = 200_000;

    /** After this many lines, at most 5,000 lines a second are read. */
    private static final int LINES_AT_ONCE = 1_000;

    private static final int LINES_PER_PAUSE = 100;
    private static final Duration PAUSE = Duration.ofMillis(20);

    private final ImapWire wire;
    private final Duration doneTimeout;
    private final ReentrantLock lock = new ReentrantLock();

    /** The server has accepted IDLE, and DONE was not sent yet. Guarded by {@link #lock}. */
    private boolean listening;

    /** DONE was sent during this IDLE. Guarded by {@link #lock}. */
    private boolean doneSent;

    /** A thread has called {@link #interrupt}. Guarded by {@link #lock}. */
    private boolean interrupted;

    /**
     * @param doneTimeout the time within which a server must answer IDLE, and DONE
     */
    Idle(ImapWire wire, Duration doneTimeout) {
        this.wire = wire;
        this.doneTimeout = doneTimeout;
    }

    /** How an IDLE ended. */
    enum End {
        DONE_SENT,
        BY_SERVER,
        REFUSED
    }

    /**
     * Waits until {@code condition} is true, which is evaluated after every line, or {@link
     * #interrupt()}.
     *
     * @param delay called whenever the condition is true: how long to listen on; empty for not now
     * @param withNext whether the next command is answered quickly, so that it may be sent together
     *     with DONE
     */
    End run(
            BooleanSupplier condition,
            Supplier<Optional<Duration>> delay,
            BooleanSupplier withNext) {
        return wire.guarded(() -> {
            String tag = wire.send("IDLE", null);
            // Until the server's continuation request, neither DONE nor another command may be
            // sent.
            wire.socket().hasten(Deadline.after(doneTimeout));
            boolean begun = false;
            long pauseBegan = System.nanoTime();
            try {
                for (int i = 0; i < LINES_LIMIT; i++) {
                    if (i >= LINES_AT_ONCE && i % LINES_PER_PAUSE == 0 && isListening()) {
                        long left = pauseBegan + PAUSE.toNanos() - System.nanoTime();
                        pause(Duration.ofNanos(left));
                        pauseBegan = System.nanoTime();
                    }
                    SharedResponse line = wire.next();
                    if (line.isTagged() && tag.equalsIgnoreCase(line.getTag())) {
                        wire.socket().relax();
                        return begun ? ended() : refused(Reply.of(line));
                    }
                    if (line.isContinuation()) {
                        if (!begun) {
                            wire.socket().relax();
                        }
                        begun = true;
                        wire.answered();
                        begin();
                    }
                    if (begun && isListening() && condition.getAsBoolean()) {
                        Optional<Duration> time = delay.get();
                        if (time.isPresent()) {
                            pause(time.get());
                            // Lines that arrived during the pause are read before the end of IDLE.
                            if (finish(time.get().isZero() && withNext.getAsBoolean())) {
                                return End.DONE_SENT;
                            }
                        }
                    }
                }
                throw wire.protocolError("sent more than " + LINES_LIMIT + " lines to one IDLE");
            } finally {
                end();
            }
        });
    }

    /** Clears a pending interrupt; returns whether there was one. */
    @CanIgnoreReturnValue
    boolean clearInterrupt() {
        lock.lock();
        try {
            boolean was = interrupted;
            interrupted = false;
            return was;
        } finally {
            lock.unlock();
        }
    }

    /** Ends the waiting, or the next one as soon as it begins. */
    void interrupt() {
        lock.lock();
        try {
            interrupted = true;
            sendDone();
        } catch (IOException e) {
            // Closing the connection wakes the waiting thread, which fails.
            wire.socket().cut();
        } finally {
            lock.unlock();
        }
    }

    private void begin() throws IOException {
        lock.lock();
        try {
            listening = true;
            if (interrupted) {
                sendDone();
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean isListening() {
        lock.lock();
        try {
            return listening;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Sends DONE, or holds it back for the next command if wanted and the host supports that, which
     * saves a round trip. Returns whether DONE is held back; IDLE is over then.
     */
    private boolean finish(boolean withNext) throws IOException {
        lock.lock();
        try {
            if (!listening || !withNext || !wire.host().allowsPipelining()) {
                sendDone();
                return false;
            }
            listening = false;
            wire.sendWithNext("DONE", doneTimeout);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void sendDone() throws IOException {
        if (listening) {
            listening = false;
            doneSent = true;
            wire.socket().hasten(Deadline.after(doneTimeout));
            wire.sendLine("DONE");
        }
    }

    /**
     * Before IDLE has begun, OK means a refusal like BAD, except that a request to wait is a
     * failure.
     */
    private static End refused(Reply reply) {
        MailFailure failure = Refusals.ofCommand(reply, "to wait by IDLE");
        boolean later =
                failure.code() == FailureCode.RATE_LIMITED
                        || failure.code() == FailureCode.TOO_MANY_CONNECTIONS;
        if (later && !reply.ok()) {
            throw failure;
        }
        return End.REFUSED;
    }

    private End ended() {
        lock.lock();
        try {
            return doneSent ? End.DONE_SENT : End.BY_SERVER;
        } finally {
            lock.unlock();
        }
    }

    private void end() {
        lock.lock();
        try {
            listening = false;
            doneSent = false;
        } finally {
            lock.unlock();
        }
    }

    /** Sleeps; what the server sends meanwhile stays in the socket's buffer. */
    static void pause(Duration delay) {
        if (delay.isPositive()) {
            try {
                Thread.sleep(delay);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
