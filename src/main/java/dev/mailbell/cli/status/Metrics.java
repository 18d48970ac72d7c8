package dev.mailbell.cli.status;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sums of Prometheus's samples by the name of the metric. */
final class Metrics {
    private static final Pattern SAMPLE =
            Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{.*})? ([-+0-9.eE]+|NaN)(?: \\d+)?");

    private final Map<String, Double> sums;

    private Metrics(Map<String, Double> sums) {
        this.sums = sums;
    }

    static Metrics none() {
        return new Metrics(Map.of());
    }

    static Metrics parse(String text) {
        Map<String, Double> sums = new HashMap<>();
        text.lines()
                .filter(line -> line.startsWith("mailbell_"))
                .forEach(line -> {
                    Matcher sample = SAMPLE.matcher(line);
                    if (sample.matches()) {
                        sums.merge(
                                sample.group(1), Double.parseDouble(sample.group(2)), Double::sum);
                    }
                });
        return new Metrics(sums);
    }

    boolean isEmpty() {
        return sums.isEmpty();
    }

    /** The sum over all labels. */
    OptionalDouble sum(String name) {
        Double sum = sums.get(name);
        return sum == null ? OptionalDouble.empty() : OptionalDouble.of(sum);
    }
}
