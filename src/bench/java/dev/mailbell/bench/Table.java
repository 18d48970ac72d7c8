package dev.mailbell.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The figures of several runs: one row a figure, with the median and the spread. */
final class Table {
    private final Map<String, List<Figure>> rows = new LinkedHashMap<>();

    void add(List<Figure> run) {
        run.forEach(figure ->
                rows.computeIfAbsent(figure.name(), name -> new ArrayList<>()).add(figure));
    }

    /** In Markdown. */
    String print() {
        StringBuilder table = new StringBuilder("| what | median | min – max | target |\n");
        table.append("| --- | ---: | ---: | --- |\n");
        rows.forEach((name, figures) -> {
            double[] values = figures.stream().mapToDouble(Figure::value).sorted().toArray();
            Figure any = figures.getFirst();
            table.append("| ").append(name);
            table.append(" | ").append((number(median(values)) + " " + any.unit()).strip());
            table.append(" | ")
                    .append(number(values[0]))
                    .append(" – ")
                    .append(number(values[values.length - 1]));
            table.append(" | ").append(any.target()).append(" |\n");
        });
        return table.toString();
    }

    static double median(double[] ascending) {
        int middle = ascending.length / 2;
        return ascending.length % 2 == 1
                ? ascending[middle]
                : (ascending[middle - 1] + ascending[middle]) / 2;
    }

    /** Three digits that count, thousands set apart. */
    static String number(double value) {
        if (!Double.isFinite(value)) {
            return "none";
        }
        boolean whole = Math.abs(value) >= 100 || value == Math.rint(value);
        int decimals = whole ? 0 : Math.abs(value) >= 10 ? 1 : 2;
        return String.format(Locale.ROOT, "%,." + decimals + "f", value);
    }
}
