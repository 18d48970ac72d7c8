package dev.mailbell.fairness;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The client for which a thread works, so that code far below, such as a lookup of a name, can give
 * each client its turn. A thread that it starts does not inherit it.
 */
public final class ActingClient {
    /** The node itself: work that is not done for one client. */
    public static final UUID NODE = new UUID(0, 0);

    private static final ScopedValue<UUID> CURRENT = ScopedValue.newInstance();

    private ActingClient() {}

    /** The client of this thread; {@link #NODE} when it works for none. */
    public static UUID current() {
        return CURRENT.orElse(NODE);
    }

    /** Does the work for this client. */
    public static <T extends @Nullable Object, X extends Throwable> T call(
            UUID client, ScopedValue.CallableOp<? extends T, X> work) throws X {
        return ScopedValue.where(CURRENT, client).call(work);
    }

    /** Does the work for this client. */
    public static void run(UUID client, Runnable work) {
        ScopedValue.where(CURRENT, client).run(work);
    }
}
