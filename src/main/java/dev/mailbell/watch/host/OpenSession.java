package dev.mailbell.watch.host;

import dev.mailbell.mail.MailSession;
import dev.mailbell.mail.PushSession;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A session with an account's server, and the permits that it holds. */
public final class OpenSession {
    private final MailSession session;
    private final ConnectionPermit permit;
    private final LongSupplier nanoTime;
    private final long openedAt;
    private final Consumer<OpenSession> whenClosed;
    private volatile @Nullable KeptSessionLimit kept;
    private volatile boolean cut;
    private boolean pushAsked;

    public OpenSession(
            MailSession session,
            ConnectionPermit permit,
            LongSupplier nanoTime,
            Consumer<OpenSession> whenClosed) {
        this.session = session;
        this.permit = permit;
        this.nanoTime = nanoTime;
        this.openedAt = nanoTime.getAsLong();
        this.whenClosed = whenClosed;
    }

    public MailSession session() {
        return session;
    }

    public ConnectionPermit permit() {
        return permit;
    }

    /** The session as one that can be kept; empty for POP3. */
    public Optional<PushSession> keepable() {
        return session instanceof PushSession push ? Optional.of(push) : Optional.empty();
    }

    /** The server was asked for push. */
    public void pushAsked() {
        pushAsked = true;
    }

    public boolean isPushAsked() {
        return pushAsked;
    }

    /** Keeps the session if a permit for it is free, and as long as no others are to have it. */
    public boolean keep(KeptSessionLimit permits) {
        if (kept == null && permits.tryAcquire(permit.client())) {
            kept = permits;
        }
        return kept != null && permits.mayKeepAll(permit.client());
    }

    public Duration age() {
        return Duration.ofNanos(nanoTime.getAsLong() - openedAt);
    }

    /** Ends a waiting for push. */
    public void interrupt() {
        keepable().ifPresent(PushSession::interrupt);
    }

    /** Closes the connection at once, without a logout. */
    public void cut() {
        cut = true;
        keepable().ifPresent(PushSession::cut);
    }

    /** Whether this node has cut the connection, so that its failures say nothing of the server. */
    public boolean isCut() {
        return cut;
    }

    /** Logs out and closes the connection. */
    public void close() {
        try {
            session.close();
        } finally {
            KeptSessionLimit permits = kept;
            kept = null;
            if (permits != null) {
                permits.release(permit.client());
            }
            permit.release();
            whenClosed.accept(this);
        }
    }
}
