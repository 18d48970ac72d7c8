package dev.mailbell;

import dev.mailbell.database.Database;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;

/**
 * Collects the reasons why the daemon cannot do its work.
 *
 * @param parts each returns its reasons within a second, for people; none when it is ready
 */
record Readiness(List<Supplier<List<String>>> parts) implements Supplier<List<String>> {
    private static final Duration PROBE_TIME = Duration.ofSeconds(1);

    Readiness {
        parts = List.copyOf(parts);
    }

    @Override
    public List<String> get() {
        return parts.stream().map(Supplier::get).flatMap(Collection::stream).toList();
    }

    static List<String> missing(Database database) {
        return database.outage(PROBE_TIME).stream()
                .map(outage -> outage.message() + "; checks and deliveries wait")
                .toList();
    }
}
