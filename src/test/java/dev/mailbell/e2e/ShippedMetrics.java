package dev.mailbell.e2e;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The names of metrics that the files for Prometheus and Grafana ask for. */
final class ShippedMetrics {
    private static final Pattern NAME = Pattern.compile("mailbell_[a-z0-9_]+");

    /** Those that exist only after a check or a delivery. */
    private static final Set<String> LATER =
            Set.of(
                    "mailbell_look_seconds_count",
                    "mailbell_look_seconds_sum",
                    "mailbell_host_connections",
                    "mailbell_jvm_gc_pause_seconds_sum");

    private ShippedMetrics() {}

    static Set<String> names(Path file) throws IOException {
        return NAME.matcher(Files.readString(file))
                .results()
                .map(result -> result.group())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    static Set<String> with(Set<String> names) {
        Set<String> all = new TreeSet<>(LATER);
        all.addAll(names);
        return all;
    }
}
