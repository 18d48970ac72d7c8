package dev.mailbell.watch;

import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** The mail hosts that this node has to do with. */
final class MailHosts {
    private static final long FORGOTTEN_AFTER = TimeUnit.HOURS.toNanos(1);

    private final Map<String, MailHost> hosts = new ConcurrentHashMap<>();
    private final Pace pace;
    private final LongSupplier nanoTime;

    MailHosts(Pace pace, LongSupplier nanoTime) {
        this.pace = pace;
        this.nanoTime = nanoTime;
    }

    MailHost of(String host) {
        return hosts.computeIfAbsent(
                host.toLowerCase(Locale.ROOT),
                name ->
                        new MailHost(
                                name,
                                new HostLimits(
                                        () -> pace.connections(name),
                                        () -> pace.loginsPerSecond(name),
                                        nanoTime.getAsLong()),
                                nanoTime));
    }

    Collection<MailHost> all() {
        return hosts.values();
    }

    /** Forgets hosts that nobody has wanted for an hour. */
    void forgetUnused() {
        hosts.values()
                .removeIf(host -> {
                    HostFigures figures = host.figures();
                    return figures.isUnused() && figures.idleFor() > FORGOTTEN_AFTER;
                });
    }
}
