package dev.mailbell.watch;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.Semaphore;

/** So many at once; the number can change while they are taken. */
final class Places extends Semaphore {
    private static final long serialVersionUID = 1L;

    private static final long DESCRIPTORS_FOR_OTHERS = 3_000;
    private static final int LEAST_KEPT = 100;
    private static final int MOST_KEPT = 1_000_000;
    private static final int KEPT_ELSEWHERE = 10_000;

    private int number;

    Places(int number) {
        super(number, true);
        this.number = number;
    }

    /** Takes effect at once; where fewer are left than are taken, as they are given back. */
    synchronized void resize(int now) {
        if (now > number) {
            release(now - number);
        } else if (now < number) {
            reducePermits(number - now);
        }
        number = now;
    }

    synchronized boolean areAllFree() {
        return availablePermits() >= number;
    }

    /** As many kept sessions as file descriptors allow, with room for everything else. */
    static int descriptors() {
        return ManagementFactory.getOperatingSystemMXBean()
                        instanceof UnixOperatingSystemMXBean unix
                ? (int)
                        Math.clamp(
                                unix.getMaxFileDescriptorCount() - DESCRIPTORS_FOR_OTHERS,
                                LEAST_KEPT,
                                MOST_KEPT)
                : KEPT_ELSEWHERE;
    }
}
