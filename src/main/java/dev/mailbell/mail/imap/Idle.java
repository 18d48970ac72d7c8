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
 * IDLE (RFC 2177): waits for what the server says by itself, until there is a reason to go on or
 * another thread asks to. DONE is said once, by whoever comes first.
 */
final class Idle {
    /**
     * A server says "still here" now and then; one that says nothing else for so long is broken.
     */
    private static final int LINES_LIMIT = 200_000;

    /** Lines behind these are read at 5,000 a second at most; the server is made to wait. */
    private static final int LINES_AT_ONCE = 1_000;

    private static final int LINES_PACED = 100;
    private static final Duration PACE = Duration.ofMillis(20);

    private final ImapWire wire;
    private final Duration doneTaken;
    private final ReentrantLock lock = new ReentrantLock();

    /** The server listens for DONE and was not told it yet. Guarded by {@link #lock}. */
    private boolean listening;

    /** DONE was said to this IDLE. Guarded by {@link #lock}. */
    private boolean told;

    /** Somebody asked to go on. Guarded by {@link #lock}. */
    private boolean asked;

    /**
     * @param doneTaken within what time a server must answer IDLE, and DONE
     */
    Idle(ImapWire wire, Duration doneTaken) {
        this.wire = wire;
        this.doneTaken = doneTaken;
    }

    /** How it ended. */
    enum End {
        TOLD,
        BY_SERVER,
        REFUSED
    }

    /**
     * Waits until {@code reason} holds, which is asked after every line, or {@link #interrupt()}.
     *
     * @param gather asked whenever there is a reason: how long to listen on; empty for not now
     * @param quick whether what follows is answered quickly, so that it may go out with DONE
     */
    End run(BooleanSupplier reason, Supplier<Optional<Duration>> gather, BooleanSupplier quick) {
        return wire.guarded(() -> {
            String tag = wire.send("IDLE", null);
            // Until the server says that it waits, DONE cannot end it, and nothing else may be
            // said.
            wire.socket().hasten(Deadline.after(doneTaken));
            boolean begun = false;
            long paceBegan = System.nanoTime();
            try {
                for (int i = 0; i < LINES_LIMIT; i++) {
                    if (i >= LINES_AT_ONCE && i % LINES_PACED == 0 && isListening()) {
                        long left = paceBegan + PACE.toNanos() - System.nanoTime();
                        pause(Duration.ofNanos(left));
                        paceBegan = System.nanoTime();
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
                    if (begun && isListening() && reason.getAsBoolean()) {
                        Optional<Duration> time = gather.get();
                        if (time.isPresent()) {
                            pause(time.get());
                            // What was gathered waits to be read, up to the end of IDLE.
                            if (leave(time.get().isZero() && quick.getAsBoolean())) {
                                return End.TOLD;
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

    /** Whether somebody asked to go on, which is done with hereby. */
    @CanIgnoreReturnValue
    boolean forgetAsked() {
        lock.lock();
        try {
            boolean was = asked;
            asked = false;
            return was;
        } finally {
            lock.unlock();
        }
    }

    /** Ends the waiting, or the next one as soon as it begins. */
    void interrupt() {
        lock.lock();
        try {
            asked = true;
            sayDone();
        } catch (IOException e) {
            // Whoever waits is woken by that, and finds the connection lost.
            wire.socket().cut();
        } finally {
            lock.unlock();
        }
    }

    private void begin() throws IOException {
        lock.lock();
        try {
            listening = true;
            if (asked) {
                sayDone();
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
     * Says DONE, if wished and where the host allows it together with the command that follows,
     * which spares a round trip before the look. Answers whether it does so: then IDLE is over.
     */
    private boolean leave(boolean withNext) throws IOException {
        lock.lock();
        try {
            if (!listening || !withNext || !wire.host().pipelines()) {
                sayDone();
                return false;
            }
            listening = false;
            wire.sayWithNext("DONE", doneTaken);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void sayDone() throws IOException {
        if (listening) {
            listening = false;
            told = true;
            wire.socket().hasten(Deadline.after(doneTaken));
            wire.say("DONE");
        }
    }

    /** Before it has begun, OK is as much a refusal as BAD; but "not now" is none. */
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
            return told ? End.TOLD : End.BY_SERVER;
        } finally {
            lock.unlock();
        }
    }

    private void end() {
        lock.lock();
        try {
            listening = false;
            told = false;
        } finally {
            lock.unlock();
        }
    }

    /** Listens on, in that whatever comes meanwhile waits to be read. */
    static void pause(Duration gather) {
        if (gather.isPositive()) {
            try {
                Thread.sleep(gather);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
