package dev.mailbell;

import dev.mailbell.api.admin.ReadinessReasons;
import dev.mailbell.database.Database;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.function.Supplier;

/**
 * Collects the reasons why the daemon cannot do its work.
 *
 * @param parts each returns its reasons within a second, for people; none when it is ready
 * @param warners each returns within a second what is wrong although the daemon does its work
 */
record Readiness(List<Supplier<List<String>>> parts, List<Supplier<List<String>>> warners)
        implements ReadinessReasons {
    private static final Duration PROBE_TIME = Duration.ofSeconds(1);

    Readiness {
        parts = List.copyOf(parts);
        warners = List.copyOf(warners);
    }

    @Override
    public List<String> get() {
        return all(parts);
    }

    @Override
    public List<String> warnings() {
        return all(warners);
    }

    private static List<String> all(List<Supplier<List<String>>> from) {
        return from.stream().map(Supplier::get).flatMap(Collection::stream).toList();
    }

    static List<String> missing(Database database) {
        return database.outage(PROBE_TIME).stream()
                .map(outage -> outage.message() + "; checks and deliveries wait")
                .toList();
    }
}
