package dev.mailbell.event;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import com.fasterxml.uuid.UUIDClock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.UUID;

/**
 * Makes UUIDv7 (RFC 9562), each higher than all earlier ones, also when the clock steps back or
 * another process made the earlier ones. Safe for many threads.
 */
final class IdSequence {
    /**
     * How many milliseconds ids may run ahead of the clock: as far as daily partitions are created
     * ahead. After a clock was further ahead for a moment, ids follow the clock again.
     */
    private static final long MAX_AHEAD = Duration.ofDays(2).toMillis();

    private static final long LOW_BITS = 0x3FFF_FFFF_FFFF_FFFFL;
    private static final long VARIANT = 0x8000_0000_0000_0000L;
    private static final long VERSION = 0x7000;

    private final InstantSource clock;
    private final NoArgGenerator generator;
    private UUID last = new UUID(0, 0);

    IdSequence(InstantSource clock) {
        this.clock = clock;
        this.generator =
                Generators.timeBasedEpochGenerator(
                        null,
                        new UUIDClock() {
                            @Override
                            public long currentTimeMillis() {
                                return clock.millis();
                            }
                        });
    }

    synchronized UUID next() {
        UUID id = generator.generate();
        if (Ids.compare(id, last) <= 0 && millis(last) - clock.millis() <= MAX_AHEAD) {
            id = successor(last);
        }
        last = id;
        return id;
    }

    /** Makes all later ids higher than this one. */
    synchronized void startAfter(UUID highest) {
        if (Ids.compare(highest, last) > 0) {
            last = highest;
        }
    }

    private static UUID successor(UUID id) {
        long low = id.getLeastSignificantBits() & LOW_BITS;
        return low < LOW_BITS
                ? new UUID(id.getMostSignificantBits(), VARIANT | (low + 1))
                : new UUID((millis(id) + 1) << 16 | VERSION, VARIANT);
    }

    private static long millis(UUID id) {
        return id.getMostSignificantBits() >>> 16;
    }
}
