package dev.mailbell.status;

import dev.mailbell.database.RecurringTask;
import dev.mailbell.status.NodeStatus.HostView;
import dev.mailbell.watch.account.AccountModes;
import dev.mailbell.watch.host.HostStatus;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Stores the values of this node's meters every five seconds, and answers with the state of the
 * node now. No thread that checks or delivers waits for it.
 */
public final class NodeSampler implements LocalStatus, AutoCloseable {
    private static final Duration INTERVAL = Duration.ofSeconds(5);
    private static final Duration MODES_LAST = Duration.ofSeconds(4);

    /** So many samples of logins are a minute. */
    private static final int MINUTE = 12;

    private final Parts parts;
    private final MeterSums sums;

    /** Counting looks at all accounts of the node. */
    private final Recent<UUID, AccountModes> modes;

    private final History history = new History();

    /** Of each mail host, the logins at the last samples, the oldest first. */
    private final Map<String, Logins> logins = new HashMap<>();

    private @Nullable RecurringTask task;

    /**
     * What is read.
     *
     * @param nanoTime the monotonic clock
     */
    public record Parts(
            MeterSums sums,
            Supplier<List<HostStatus>> hosts,
            Supplier<AccountModes> modes,
            Function<UUID, AccountModes> modesOfClient,
            Supplier<Duration> oldestDue,
            BooleanSupplier configurationRefused,
            InstantSource clock,
            LongSupplier nanoTime) {}

    /** The numbers of logins at the last samples of one host. */
    private static final class Logins {
        private final long[] counts = new long[MINUTE + 1];
        private final long[] times = new long[MINUTE + 1];
        private int size;

        void add(long count, long now) {
            if (size == counts.length) {
                System.arraycopy(counts, 1, counts, 0, size - 1);
                System.arraycopy(times, 1, times, 0, size - 1);
                size--;
            }
            counts[size] = count;
            times[size] = now;
            size++;
        }

        double perSecond() {
            long nanos = size < 2 ? 0 : times[size - 1] - times[0];
            return nanos <= 0 ? 0 : (counts[size - 1] - counts[0]) * 1e9 / nanos;
        }
    }

    public NodeSampler(Parts parts) {
        this.parts = parts;
        this.sums = parts.sums();
        this.modes = new Recent<>(parts.modesOfClient(), MODES_LAST, parts.nanoTime());
    }

    /** Begins to note. */
    public void start() {
        sample();
        task = new RecurringTask("status", INTERVAL, this::sample);
    }

    void sample() {
        long now = parts.nanoTime().getAsLong();
        history.add(parts.clock().instant().getEpochSecond(), sums.read(now));
        List<HostStatus> hosts = parts.hosts().get();
        synchronized (logins) {
            Map<String, Logins> kept = new HashMap<>();
            for (HostStatus host : hosts) {
                Logins known = logins.getOrDefault(host.name(), new Logins());
                known.add(host.logins(), now);
                kept.put(host.name(), known);
            }
            logins.clear();
            logins.putAll(kept);
        }
    }

    @Override
    public NodeStatus now() {
        Instant now = parts.clock().instant();
        List<HostStatus> hosts = parts.hosts().get();
        List<HostView> shown =
                hosts.stream()
                        .map(host -> view(host, now))
                        .sorted(
                                Comparator.comparing(HostView::isInTrouble)
                                        .thenComparingInt(
                                                host -> host.connections() + host.waiting())
                                        .reversed()
                                        .thenComparing(HostView::name))
                        .limit(NodeStatus.MAX_HOSTS)
                        .toList();
        return new NodeStatus(
                shown,
                hosts.size(),
                parts.modes().get(),
                parts.oldestDue().get().toMillis() / 1e3,
                parts.configurationRefused().getAsBoolean(),
                history.points(now.getEpochSecond()));
    }

    private HostView view(HostStatus host, Instant now) {
        double rate;
        synchronized (logins) {
            Logins known = logins.get(host.name());
            rate = known == null ? 0 : known.perSecond();
        }
        boolean failed = host.lastFailure() != null;
        return new HostView(
                host.name(),
                host.connections(),
                host.pushing(),
                host.waiting(),
                host.mostConnections() == Integer.MAX_VALUE ? null : host.mostConnections(),
                rate,
                host.failuresInRow(),
                host.lastFailure() == null ? null : host.lastFailure().wireName(),
                failed ? now.minusNanos(host.failedFor()) : null);
    }

    @Override
    public AccountModes modes(UUID client) {
        return modes.get(client);
    }

    @Override
    public void close() {
        if (task != null) {
            task.close();
        }
    }
}
