package dev.mailbell.watch.host;

import dev.mailbell.fairness.KnownClients;
import dev.mailbell.watch.schedule.PollingPolicy;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** The limiters of the mail hosts of this node's accounts. */
public final class MailHostLimiters {
    private static final long FORGOTTEN_AFTER = TimeUnit.HOURS.toNanos(1);

    private final Map<String, MailHostLimiter> hosts = new ConcurrentHashMap<>();
    private final PollingPolicy policy;
    private final KnownClients known;
    private final LongSupplier nanoTime;

    /**
     * @param known the clients of this node
     */
    public MailHostLimiters(PollingPolicy policy, KnownClients known, LongSupplier nanoTime) {
        this.policy = policy;
        this.known = known;
        this.nanoTime = nanoTime;
    }

    public MailHostLimiter of(String host) {
        return hosts.computeIfAbsent(
                host.toLowerCase(Locale.ROOT),
                name ->
                        new MailHostLimiter(
                                name,
                                new HostLimits(
                                        () -> policy.connections(name),
                                        () -> policy.loginsPerSecond(name),
                                        nanoTime.getAsLong()),
                                known,
                                nanoTime));
    }

    /** How each host is now. */
    public List<HostStatus> status() {
        return hosts.values().stream().map(MailHostLimiter::status).toList();
    }

    /** Forgets hosts to which no connection was requested for an hour. */
    public void forgetUnused() {
        hosts.values()
                .removeIf(host -> {
                    HostStatus status = host.status();
                    return status.isUnused() && status.idleFor() > FORGOTTEN_AFTER;
                });
    }
}
