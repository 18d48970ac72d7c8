package dev.mailbell.bench.compare;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** A row of the table of comparisons, in Markdown: medians over the runs, and their spread. */
final class Row {
    static final String HEAD =
            """
            | candidate | mailboxes | rate | watches all after | memory, all processes | p50 | p99 | least – most | CPU a message | load generator's CPU | lost | surplus |
            | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\
            """;

    private final List<Measurement> runs;

    Row(List<Measurement> runs) {
        this.runs = List.copyOf(runs);
    }

    String print(String name, Load load) {
        return String.join(
                " | ",
                "| " + name,
                String.format(
                        Locale.ROOT, "%,d %s", load.mailboxes(), load.tls() ? "TLS" : "plain"),
                number(load.rate()) + "/s",
                cell("s", Measurement::ready),
                cell("MB", Measurement::megabytes),
                cell("ms", run -> run.latencies().percentile(0.5)),
                cell("ms", run -> run.latencies().percentile(0.99)),
                "%s – %s ms"
                        .formatted(
                                number(sorted(run -> run.latencies().percentile(0))[0]),
                                number(
                                        sorted(run -> run.latencies().percentile(1))[
                                                runs.size() - 1])),
                cell("ms", Measurement::cpu),
                cell("ms", Measurement::benchCpu),
                Long.toString(runs.stream().mapToLong(Measurement::lost).sum()),
                runs.stream().mapToLong(Measurement::surplus).sum() + " |");
    }

    private double[] sorted(ToDoubleFunction<Measurement> value) {
        return runs.stream().mapToDouble(value).sorted().toArray();
    }

    private String cell(String unit, ToDoubleFunction<Measurement> value) {
        double[] sorted = sorted(value);
        int middle = sorted.length / 2;
        double median =
                sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        String spread =
                sorted.length == 1
                        ? ""
                        : " (%s–%s)"
                                .formatted(number(sorted[0]), number(sorted[sorted.length - 1]));
        return number(median) + " " + unit + spread;
    }

    /** Three digits that count, thousands set apart. */
    private static String number(double value) {
        if (!Double.isFinite(value)) {
            return "none";
        }
        int decimals = Math.abs(value) >= 100 || value == 0 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
        return String.format(Locale.ROOT, "%,." + decimals + "f", value);
    }
}
