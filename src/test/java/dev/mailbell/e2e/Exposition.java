package dev.mailbell.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Prometheus's text format 0.0.4, read by its rules: a family's HELP, then its TYPE, then all its
 * samples, once; names and labels of the right letters; no series twice; histograms that ascend and
 * end with all. What breaks a rule fails the test.
 */
final class Exposition {
    private static final Pattern NAME = Pattern.compile("[a-zA-Z_:][a-zA-Z0-9_:]*");
    private static final Pattern SAMPLE =
            Pattern.compile("(" + NAME + ")(?:\\{(.*)})? (\\S+)(?: -?\\d+)?");
    private static final Pattern LABEL =
            Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\n]|\\\\[\\\\\"n])*)\",?");
    private static final Set<String> TYPES =
            Set.of("counter", "gauge", "histogram", "summary", "untyped");

    private static final Set<String> ABBREVIATED =
            Set.of("s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d");

    private static final String NO_BASE_UNIT =
            "(kilo|mega|giga|tera|peta|kibi|mebi|gibi|tebi|milli|micro|nano)(bytes|seconds|meters|grams)"
                    + "|minutes|hours|days|weeks|bits|bit|percent";

    private final Set<String> labelNames = new TreeSet<>();
    private final Map<String, String> types = new LinkedHashMap<>();
    private final Map<String, Double> series = new LinkedHashMap<>();
    private final Set<String> names = new TreeSet<>();
    private final Map<String, List<double[]>> buckets = new TreeMap<>();
    private @Nullable String family;
    private @Nullable String helped;

    Exposition(String text) {
        assertThat(text).endsWith("\n");
        text.lines().forEach(this::line);
        buckets.forEach(this::requireHistogram);
    }

    /**
     * What {@code promtool check metrics} says: base units, no type in a name, suffixes that belong
     * to other types, letters.
     */
    List<String> lint() {
        List<String> faults = new ArrayList<>();
        types.forEach((name, type) -> lint(name, type).forEach(it -> faults.add(name + ": " + it)));
        labelNames.stream()
                .filter(label -> label.matches(".*[a-z][A-Z].*"))
                .forEach(label -> faults.add("label " + label + ": snake_case"));
        return faults;
    }

    private static List<String> lint(String name, String type) {
        List<String> faults = new ArrayList<>();
        List<String> parts = List.of(name.split("_", -1));
        boolean distribution = type.equals("histogram") || type.equals("summary");
        if (type.equals("counter") != name.endsWith("_total")) {
            faults.add("_total is for counters, all of them");
        }
        if (!distribution && name.matches(".*_(count|sum)")
                || !type.equals("histogram") && name.endsWith("_bucket")) {
            faults.add("a suffix of histograms and summaries");
        }
        if (parts.stream().anyMatch(Set.of("counter", "gauge", "histogram", "summary")::contains)) {
            faults.add("its type in its name");
        }
        if (name.contains(":") || name.matches(".*[a-z][A-Z].*")) {
            faults.add("letters, digits and underscores, in lower case");
        }
        parts.stream()
                .filter(part -> ABBREVIATED.contains(part) || part.matches(NO_BASE_UNIT))
                .forEach(part -> faults.add("unit " + part));
        return faults;
    }

    /** All names of samples. */
    Set<String> names() {
        return names;
    }

    /** The value of a series, written as in the text. */
    double value(String name) {
        assertThat(series).containsKey(name);
        return series.getOrDefault(name, Double.NaN);
    }

    /** The sum of all series of a name that have a label, written as in the text. */
    double sum(String name, String label) {
        return series.entrySet().stream()
                .filter(it -> it.getKey().startsWith(name + "{") && it.getKey().contains(label))
                .mapToDouble(Map.Entry::getValue)
                .sum();
    }

    private void line(String line) {
        if (line.startsWith("# HELP ")) {
            String[] parts = line.split(" ", 4);
            assertThat(parts).as(line).hasSize(4);
            assertThat(parts[3]).as(line).isNotBlank();
            helped = parts[2];
        } else if (line.startsWith("# TYPE ")) {
            String[] parts = line.split(" ", -1);
            assertThat(parts).as(line).hasSize(4);
            assertThat(parts[2]).as("HELP before TYPE").isEqualTo(helped);
            assertThat(TYPES).as(line).contains(parts[3]);
            assertThat(types.put(parts[2], parts[3])).as("%s is one family", line).isNull();
            family = parts[2];
        } else if (!line.startsWith("#") && !line.isBlank()) {
            sample(line);
        }
    }

    private void sample(String line) {
        Matcher matcher = SAMPLE.matcher(line);
        assertThat(matcher.matches()).as(line).isTrue();
        String name = matcher.group(1);
        String labels = matcher.group(2) == null ? "" : matcher.group(2);
        double value = number(matcher.group(3));
        names.add(name);
        requireOfFamily(name, line);
        Map<String, String> read = labels(labels, line);
        labelNames.addAll(read.keySet());
        assertThat(series.put(name + (labels.isEmpty() ? "" : "{" + labels + "}"), value))
                .as("%s is there once", line)
                .isNull();
        if ("histogram".equals(types.get(family)) && name.endsWith("_bucket")) {
            String le = read.remove("le");
            assertThat(le).as(line).isNotNull();
            buckets.computeIfAbsent(family + read, key -> new ArrayList<>())
                    .add(new double[] {number(String.valueOf(le)), value});
        }
    }

    private void requireOfFamily(String name, String line) {
        String of = String.valueOf(family);
        List<String> suffixes =
                switch (String.valueOf(types.get(family))) {
                    case "histogram" -> List.of("_bucket", "_sum", "_count");
                    case "summary" -> List.of("", "_sum", "_count");
                    default -> List.of("");
                };
        assertThat(suffixes).as(line).anyMatch(suffix -> name.equals(of + suffix));
        if ("counter".equals(types.get(family))) {
            assertThat(name).endsWith("_total");
        }
    }

    private static Map<String, String> labels(String labels, String line) {
        Map<String, String> read = new TreeMap<>();
        Matcher matcher = LABEL.matcher(labels);
        int end = 0;
        while (matcher.lookingAt()) {
            assertThat(read.put(matcher.group(1), matcher.group(2))).as(line).isNull();
            end = matcher.end();
            matcher.region(end, labels.length());
        }
        assertThat(end).as(line).isEqualTo(labels.length());
        return read;
    }

    private static double number(String text) {
        return switch (text) {
            case "+Inf" -> Double.POSITIVE_INFINITY;
            case "-Inf" -> Double.NEGATIVE_INFINITY;
            default -> Double.parseDouble(text);
        };
    }

    private void requireHistogram(String name, List<double[]> steps) {
        Set<Double> bounds = new HashSet<>();
        for (int i = 0; i < steps.size(); i++) {
            assertThat(bounds.add(steps.get(i)[0])).as(name).isTrue();
            if (i > 0) {
                assertThat(steps.get(i)[0]).as(name).isGreaterThan(steps.get(i - 1)[0]);
                assertThat(steps.get(i)[1]).as(name).isGreaterThanOrEqualTo(steps.get(i - 1)[1]);
            }
        }
        assertThat(steps.getLast()[0]).as(name).isInfinite();
    }
}
