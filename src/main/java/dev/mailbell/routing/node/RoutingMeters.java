package dev.mailbell.routing.node;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** Counts the requests that this node sent to others. */
final class RoutingMeters {
    private final MeterRegistry registry;
    private final Map<Key, Counter> counters = new ConcurrentHashMap<>();

    private record Key(String command, Result result) {}

    /** How a request to another node ended. */
    enum Result {
        /** The other node carried the command out, or refused it as this node would have. */
        ANSWERED,
        /** It does not own the account. */
        NOT_MINE,
        UNREACHABLE,
        TIMEOUT,
        REFUSED;

        private String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    RoutingMeters(MeterRegistry registry) {
        this.registry = registry;
    }

    void count(String command, Result result) {
        counters.computeIfAbsent(new Key(command, result), this::counter).increment();
    }

    private Counter counter(Key key) {
        return Counter.builder("forwarded.requests")
                .description("Requests that this node sent to the nodes that own the accounts")
                .tag("command", key.command())
                .tag("result", key.result().label())
                .register(registry);
    }

    /** The sums of all commands by result. */
    Map<String, Long> byResult() {
        Map<String, Long> sums = new TreeMap<>();
        for (Result result : Result.values()) {
            sums.put(result.label(), 0L);
        }
        counters.forEach((key, counter) ->
                sums.merge(key.result().label(), (long) counter.count(), Long::sum));
        return sums;
    }
}
