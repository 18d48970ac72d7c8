package dev.mailbell.mail.imap.protocol;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which mail hosts take a command right behind DONE, in one packet. They should (RFC 9051, section
 * 5.5), and nearly all do; one that was seen to drop it gets one at a time for a day. Likewise
 * which hosts keep up with what NOTIFY asks for.
 */
public final class Pipelining {
    private static final Logger LOG = LoggerFactory.getLogger(Pipelining.class);

    /** Hosts to be remembered at most; what is learnt of others is forgotten with the session. */
    private static final int MOST = 10_000;

    /** A connection may die at any moment; so many in a row are the host's way. */
    private static final int TOO_MANY_FAILURES = 2;

    private static final long REMEMBERED = Duration.ofDays(1).toNanos();

    private final Map<String, Host> hosts = new ConcurrentHashMap<>();

    public Host of(String name) {
        String key = name.toLowerCase(Locale.ROOT);
        Host known = hosts.get(key);
        if (known != null) {
            return known;
        }
        return hosts.size() < MOST ? hosts.computeIfAbsent(key, Host::new) : new Host(key);
    }

    /** What is known of one host. Safe for many threads. */
    public static final class Host {
        private final String name;
        private final AtomicInteger failures = new AtomicInteger();
        private final AtomicInteger overflows = new AtomicInteger();
        private volatile long heldBackSince = System.nanoTime() - REMEMBERED;
        private volatile long overflowedSince = heldBackSince;

        private Host(String name) {
            this.name = name;
        }

        public boolean pipelines() {
            return System.nanoTime() - heldBackSince >= REMEMBERED;
        }

        /** Whether NOTIFY is to be asked for. */
        public boolean notifies() {
            return System.nanoTime() - overflowedSince >= REMEMBERED;
        }

        /** The server has given up NOTIFY in the middle of a session, for want of room. */
        public void overflowed() {
            if (overflows.incrementAndGet() >= TOO_MANY_FAILURES && notifies()) {
                overflows.set(0);
                overflowedSince = System.nanoTime();
                LOG.info(
                        "{} gives up NOTIFY in the middle of sessions; for a day the mailboxes"
                                + " besides the first one are polled",
                        name);
            }
        }

        /** DONE and the command behind it were answered. */
        void answered() {
            if (failures.get() > 0) {
                failures.set(0);
            }
        }

        /** The connection was lost, or given up, before both were answered. */
        void failed() {
            if (failures.incrementAndGet() >= TOO_MANY_FAILURES && pipelines()) {
                failures.set(0);
                heldBackSince = System.nanoTime();
                LOG.info(
                        "{} does not answer a command that comes right behind DONE; for a day it gets"
                                + " them one at a time",
                        name);
            }
        }
    }
}
