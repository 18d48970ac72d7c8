package dev.mailbell.event;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import java.util.UUID;

/**
 * Makes ids: UUIDv7 (RFC 9562), each higher than all that this process made before, also when the
 * clock steps back.
 */
public final class Ids {
    private static final NoArgGenerator GENERATOR = Generators.timeBasedEpochGenerator();
    private static final long CORRECTED_MILLIS = 600_000;

    private static UUID last = new UUID(0, 0);

    private Ids() {}

    public static synchronized UUID next() {
        UUID id = GENERATOR.generate();
        // A clock that was far ahead for a moment must not give all later ids that time.
        boolean corrected = millis(last) - millis(id) > CORRECTED_MILLIS;
        if (compare(id, last) <= 0 && !corrected) {
            id = new UUID(last.getMostSignificantBits(), last.getLeastSignificantBits() + 1);
        }
        last = id;
        return id;
    }

    private static long millis(UUID id) {
        return id.getMostSignificantBits() >>> 16;
    }

    /** UUID's own order is by signed halves; PostgreSQL's is by unsigned bytes. */
    private static int compare(UUID a, UUID b) {
        int high = Long.compareUnsigned(a.getMostSignificantBits(), b.getMostSignificantBits());
        return high != 0
                ? high
                : Long.compareUnsigned(a.getLeastSignificantBits(), b.getLeastSignificantBits());
    }
}
