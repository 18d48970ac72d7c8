package dev.mailbell.ui.session;

import dev.mailbell.database.Database;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sessions that were signed out before their end; by a restore all that were begun until then,
 * with one row. A node asks the table for a session once in two seconds at most. While the database
 * is away a session counts as not signed out, except at the node where it was: a client's key
 * cannot be checked then anyway, and the operator still sees what this node knows. What could not
 * be written then is written once the database is back.
 */
public final class SignedOut {
    private static final Logger LOG = LoggerFactory.getLogger(SignedOut.class);
    private static final long REMEMBERED = Duration.ofSeconds(2).toNanos();
    private static final int MAX_SESSIONS = 10_000;

    /** Its row is of all sessions that rest on a key and end by its time. */
    private static final UUID ALL = new UUID(0, 0);

    private final Jdbi jdbi;
    private final LongSupplier nanoTime;

    private final Map<UUID, Seen> seen =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<UUID, Seen> eldest) {
                    return size() > MAX_SESSIONS;
                }
            };

    /** Signed out while the database was away, the oldest first. */
    private final Map<UUID, Session> unwritten = new LinkedHashMap<>();

    private record Seen(boolean signedOut, long at) {}

    /**
     * @param nanoTime the monotonic clock
     */
    public SignedOut(Jdbi jdbi, LongSupplier nanoTime) {
        this.jdbi = jdbi;
        this.nanoTime = nanoTime;
    }

    /** Notes the session until its end, and forgets those that have ended by themselves. */
    void add(Session session, Instant now) {
        // First: this works while the database is away.
        remember(session.id(), true);
        try {
            write(session, now);
        } catch (RuntimeException e) {
            if (!Database.isAway(e)) {
                throw e;
            }
            LOG.warn(
                    "A session was signed out, and other nodes accept it until the database is back:"
                            + " {}",
                    Database.reason(e));
            synchronized (this) {
                unwritten.put(session.id(), session);
                if (unwritten.size() > MAX_SESSIONS) {
                    unwritten.remove(unwritten.keySet().iterator().next());
                }
            }
        }
    }

    private void write(Session session, Instant now) {
        jdbi.useTransaction(handle -> {
            handle.createUpdate("delete from signed_out where expires_at < :now")
                    .bind("now", now.atOffset(ZoneOffset.UTC))
                    .execute();
            handle.createUpdate(
                            """
                            insert into signed_out (session, expires_at) values (:session, :until)
                            on conflict do nothing\
                            """)
                    .bind("session", session.id())
                    .bind("until", session.expiresAt().atOffset(ZoneOffset.UTC))
                    .execute();
        });
    }

    /** Writes what could not be written, now that the database answers. */
    private void catchUp(Instant now) {
        while (true) {
            Session session;
            synchronized (this) {
                if (unwritten.isEmpty()) {
                    return;
                }
                session = unwritten.values().iterator().next();
            }
            try {
                write(session, now);
            } catch (RuntimeException e) {
                if (!Database.isAway(e)) {
                    throw e;
                }
                // The next session that is looked up tries again.
                return;
            }
            synchronized (this) {
                unwritten.remove(session.id());
            }
        }
    }

    boolean contains(Session session, Instant now) {
        synchronized (this) {
            if (unwritten.containsKey(session.id())) {
                return true;
            }
            Seen known = seen.get(session.id());
            if (known != null
                    && (known.signedOut() || nanoTime.getAsLong() - known.at() < REMEMBERED)) {
                return known.signedOut();
            }
        }
        boolean signedOut;
        try {
            signedOut = read(session);
        } catch (RuntimeException e) {
            if (!Database.isAway(e)) {
                throw e;
            }
            // Remembered too: each try waits for a connection.
            remember(session.id(), false);
            return false;
        }
        catchUp(now);
        remember(session.id(), signedOut);
        return signedOut;
    }

    private boolean read(Session session) {
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select exists (
                                    select from signed_out where session = :session
                                        or session = :all and :ofKey and expires_at >= :until
                                )\
                                """)
                        .bind("session", session.id())
                        .bind("all", ALL)
                        .bind("ofKey", session.kind().equals(Sessions.KEY))
                        .bind("until", session.expiresAt().atOffset(ZoneOffset.UTC))
                        .mapTo(Boolean.class)
                        .one());
    }

    private synchronized void remember(UUID session, boolean signedOut) {
        seen.put(session, new Seen(signedOut, nanoTime.getAsLong()));
    }
}
