package dev.mailbell.event;

import java.time.InstantSource;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;

/**
 * Makes ids: UUIDv7 (RFC 9562), each higher than all earlier ones of this process, also when the
 * clock steps back.
 */
public final class Ids {
    private static volatile InstantSource clock = InstantSource.system();

    private static final IdSequence SEQUENCE = new IdSequence(() -> clock.instant());

    private Ids() {}

    /**
     * Lets ids be made by a clock that all nodes share: deliveries are in the order of their ids.
     */
    public static void use(InstantSource shared) {
        clock = shared;
    }

    /**
     * Compares as PostgreSQL does, by unsigned bytes; {@link UUID#compareTo} is by signed halves.
     */
    public static int compare(UUID a, UUID b) {
        int high = Long.compareUnsigned(a.getMostSignificantBits(), b.getMostSignificantBits());
        return high != 0
                ? high
                : Long.compareUnsigned(a.getLeastSignificantBits(), b.getLeastSignificantBits());
    }

    public static UUID next() {
        return SEQUENCE.next();
    }

    /**
     * Makes all later ids higher than this one, which another node may have made with a clock that
     * is ahead.
     */
    public static void startAfter(UUID id) {
        SEQUENCE.startAfter(id);
    }

    /**
     * Lets ids go on after those of stored events and deliveries: after a start with a clock that
     * was set back, a new delivery must not sort before a pending one.
     */
    public static void startAfterLogs(Jdbi jdbi) {
        jdbi.withHandle(handle ->
                        handle.createQuery(
                                        """
                                        select id from (
                                            (select id from event order by id desc limit 1)
                                            union all (select id from delivery order by id desc limit 1)) highest\
                                        """)
                                .mapTo(UUID.class)
                                .list())
                .forEach(SEQUENCE::startAfter);
    }
}
