package dev.mailbell.mail.imap.protocol;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which mail hosts accept a command directly after DONE in one packet. They should (RFC 9051,
 * section 5.5), and nearly all do; a host that was seen to drop it gets one command at a time for a
 * day. Likewise which hosts can keep up with NOTIFY.
 */
public final class Pipelining {
    private static final Logger LOG = LoggerFactory.getLogger(Pipelining.class);

    /** The maximum number of hosts remembered; others are remembered only during a session. */
    private static final int MAX_HOSTS = 10_000;

    /**
     * A connection may be lost at any time; this many losses in a row are attributed to the host.
     */
    private static final int TOO_MANY_FAILURES = 2;

    private static final long REMEMBERED = Duration.ofDays(1).toNanos();

    private final Map<String, Host> hosts = new ConcurrentHashMap<>();

    public Host of(String name) {
        String key = name.toLowerCase(Locale.ROOT);
        Host known = hosts.get(key);
        if (known != null) {
            return known;
        }
        return hosts.size() < MAX_HOSTS ? hosts.computeIfAbsent(key, Host::new) : new Host(key);
    }

    /** The state of one host. Thread-safe. */
    public static final class Host {
        private final String name;
        private final AtomicInteger failures = new AtomicInteger();
        private final AtomicInteger overflows = new AtomicInteger();
        private volatile long heldBackSince = System.nanoTime() - REMEMBERED;
        private volatile long overflowedSince = heldBackSince;

        private Host(String name) {
            this.name = name;
        }

        public boolean allowsPipelining() {
            return System.nanoTime() - heldBackSince >= REMEMBERED;
        }

        /** Whether NOTIFY may be requested. */
        public boolean allowsNotify() {
            return System.nanoTime() - overflowedSince >= REMEMBERED;
        }

        /** Records that the server has stopped NOTIFY during a session because of an overflow. */
        public void overflowed() {
            if (overflows.incrementAndGet() >= TOO_MANY_FAILURES && allowsNotify()) {
                overflows.set(0);
                overflowedSince = System.nanoTime();
                LOG.info(
                        "{} ends NOTIFY during sessions; for a day the mailboxes"
                                + " except the first one are polled",
                        name);
            }
        }

        /** Records that DONE and the command after it were answered. */
        void answered() {
            if (failures.get() > 0) {
                failures.set(0);
            }
        }

        /** Records that the connection was lost before both were answered. */
        void failed() {
            if (failures.incrementAndGet() >= TOO_MANY_FAILURES && allowsPipelining()) {
                failures.set(0);
                heldBackSince = System.nanoTime();
                LOG.info(
                        "{} does not answer a command sent together with DONE; for a day it gets"
                                + " them one at a time",
                        name);
            }
        }
    }
}
