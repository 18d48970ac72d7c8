package dev.mailbell.watch.host;

import dev.mailbell.watch.schedule.PollingPolicy;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** The mail hosts that this node has to do with. */
public final class MailHostLimiters {
    private static final long FORGOTTEN_AFTER = TimeUnit.HOURS.toNanos(1);

    private final Map<String, MailHostLimiter> hosts = new ConcurrentHashMap<>();
    private final PollingPolicy pace;
    private final LongSupplier nanoTime;

    public MailHostLimiters(PollingPolicy pace, LongSupplier nanoTime) {
        this.pace = pace;
        this.nanoTime = nanoTime;
    }

    public MailHostLimiter of(String host) {
        return hosts.computeIfAbsent(
                host.toLowerCase(Locale.ROOT),
                name ->
                        new MailHostLimiter(
                                name,
                                new HostLimits(
                                        () -> pace.connections(name),
                                        () -> pace.loginsPerSecond(name),
                                        nanoTime.getAsLong()),
                                nanoTime));
    }

    public Collection<MailHostLimiter> all() {
        return hosts.values();
    }

    /** Forgets hosts that nobody has wanted for an hour. */
    public void forgetUnused() {
        hosts.values()
                .removeIf(host -> {
                    HostStatus figures = host.figures();
                    return figures.isUnused() && figures.idleFor() > FORGOTTEN_AFTER;
                });
    }
}
