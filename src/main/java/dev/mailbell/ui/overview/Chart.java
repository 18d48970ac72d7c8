package dev.mailbell.ui.overview;

import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * A chart of the last hour. Its lines are paths in a field of {@value #WIDTH} by {@value #HEIGHT}.
 *
 * @param now the latest value, for people
 * @param most the value at the upper edge, for people
 * @param summary the whole in a sentence, for those who do not see it
 * @param name of the first line
 * @param line null when nothing was measured
 * @param secondName null for a chart with one line
 */
public record Chart(
        String title,
        String now,
        String most,
        String summary,
        String name,
        @Nullable String line,
        @Nullable String area,
        @Nullable String secondName,
        @Nullable String secondLine) {
    static final int WIDTH = 600;
    static final int HEIGHT = 100;

    /**
     * The values of a line.
     *
     * @param values one each 30 s, the oldest first; NaN where nothing was measured
     */
    record Line(String name, List<Double> values) {}

    /**
     * @param second null for a chart with one line
     * @param shown prints a value with its unit
     */
    static Chart of(String title, Line first, @Nullable Line second, DoubleFunction<String> shown) {
        double most = Math.max(most(first.values()), second == null ? 0 : most(second.values()));
        double edge = most <= 0 ? 1 : most;
        String now = shown.apply(latest(first.values()));
        String line = path(first.values(), edge, false);
        String secondLine = second == null ? null : path(second.values(), edge, false);
        return new Chart(
                title,
                now,
                shown.apply(most),
                "%s in the last hour: %s now, %s at most".formatted(title, now, shown.apply(most)),
                first.name(),
                line.isEmpty() ? null : line,
                line.isEmpty() ? null : path(first.values(), edge, true),
                second == null ? null : second.name(),
                secondLine == null || secondLine.isEmpty() ? null : secondLine);
    }

    private static double most(List<Double> values) {
        return values.stream()
                .mapToDouble(Double::doubleValue)
                .filter(Double::isFinite)
                .max()
                .orElse(0);
    }

    private static double latest(List<Double> values) {
        for (int i = values.size() - 1; i >= 0; i--) {
            if (Double.isFinite(values.get(i))) {
                return values.get(i);
            }
        }
        return Double.NaN;
    }

    /** Where nothing was measured the path has a gap. */
    private static String path(List<Double> values, double most, boolean area) {
        StringBuilder path = new StringBuilder();
        int last = values.size() - 1;
        int begun = -1;
        for (int i = 0; i <= last + 1; i++) {
            boolean measured = i <= last && Double.isFinite(values.get(i));
            if (measured) {
                boolean alone = begun < 0 && (i == last || !Double.isFinite(values.get(i + 1)));
                path.append(begun < 0 ? "M" : "L").append(place(i, values.get(i), last, most));
                if (alone) {
                    path.append("h2");
                }
                begun = begun < 0 ? i : begun;
            } else if (begun >= 0) {
                if (area) {
                    path.append("V").append(HEIGHT).append("H").append(x(begun, last)).append("Z");
                }
                begun = -1;
            }
        }
        return path.toString();
    }

    private static String place(int i, double value, int last, double most) {
        double y = HEIGHT - Math.max(0, Math.min(1, value / most)) * HEIGHT;
        return x(i, last) + " " + number(y);
    }

    private static String x(int i, int last) {
        return number((double) WIDTH * i / Math.max(1, last));
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
