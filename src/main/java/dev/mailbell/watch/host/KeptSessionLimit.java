package dev.mailbell.watch.host;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.Semaphore;

/** Permits for the sessions that this node may keep from check to check. */
public final class KeptSessionLimit extends Semaphore {
    private static final long serialVersionUID = 1L;

    private static final long DESCRIPTORS_FOR_OTHERS = 3_000;
    private static final int LEAST_KEPT = 100;
    private static final int MOST_KEPT = 1_000_000;
    private static final int KEPT_ELSEWHERE = 10_000;

    public KeptSessionLimit(int number) {
        super(number, true);
    }

    /** As many kept sessions as file descriptors allow, with enough left for everything else. */
    public static int descriptors() {
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
