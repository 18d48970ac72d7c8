package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Api;
import dev.mailbell.bench.daemon.OtherMachineProcess;
import dev.mailbell.bench.sim.Latencies;
import java.util.ArrayList;
import java.util.List;

/**
 * Two clients of one daemon: a healthy one with pushed mailboxes, a webhook and some requests, and
 * a {@linkplain HostileClient hostile} one. Measures the healthy client's mail and requests before
 * and beside the other.
 */
final class ClientsScenario implements Scenario {
    private static final int RAMP_SECONDS = 300;
    private static final int SERVERS = 1_000;
    private static final int INTERVAL = 10;
    private static final double MAILS_PER_SECOND = 20;
    private static final double REQUESTS_PER_SECOND = 20;

    /** What an API key may send by default. */
    private static final int HOSTILE_REQUESTS_PER_SECOND = 200;

    private final List<Figure> figures = new ArrayList<>();

    /** The healthy client's times of one phase. */
    private record Times(Latencies.Sorted mail, Latencies.Sorted api, List<Figure> lateness) {}

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        figures.clear();
        int mailboxes = options.mailboxes().orElse(100);
        int webhooks = options.webhooks().orElse(1_000);
        Plan plan = Plan.imap(mailboxes, options.tls(), true, options.interval().orElse(120));
        try (TestBed testBed = TestBed.open(plan, options);
                OtherMachineProcess hostile = HostileClient.start(testBed.daemon())) {
            testBed.register();
            testBed.awaitWatching(RAMP_SECONDS);
            Api api = testBed.daemon().api();
            String account =
                    api.get("/v1/accounts?limit=1").get("items").get(0).get("id").asString();
            List<String> paths =
                    List.of(
                            "/v1/accounts/" + account,
                            "/v1/accounts?limit=20",
                            "/v1/events?limit=20");
            try (ApiProbe probe = new ApiProbe(api, paths, REQUESTS_PER_SECOND)) {
                LoadPhases load = new LoadPhases(testBed, options, 0, mailboxes, MAILS_PER_SECOND);
                Times before = measure("before", load, probe);
                String beginning =
                        HostileClient.beginning(
                                SERVERS, webhooks, INTERVAL, HOSTILE_REQUESTS_PER_SECOND);
                hostile.ask(beginning);
                Times begins = measure("while it begins", load, probe);
                Times beside = measure("beside it", load, probe);
                compare("beside it", before, beside);
                compare("while it begins", before, begins);
                show("beside it", beside);
                show("while it begins", begins);
                show("before", before);
                figures.add(
                        Figure.of("healthy requests that were refused", probe.refused(), "")
                                .target("0"));
            }
            List<Long> done = hostile.ask("figures");
            figures.add(Figure.of("connections to hostile servers", done.get(0), ""));
            figures.add(Figure.of("POSTs to hostile webhooks", done.get(1), ""));
            figures.add(Figure.of("its requests that were answered", done.get(2), ""));
            figures.add(Figure.of("its requests that were refused", done.get(3), ""));
            return List.copyOf(figures);
        }
    }

    private static Times measure(String when, LoadPhases load, ApiProbe probe)
            throws InterruptedException {
        long begun = System.nanoTime();
        Latencies.Sorted mail = load.measure();
        return new Times(
                mail,
                probe.latencies().between(begun, System.nanoTime()),
                load.lateness("mail " + when));
    }

    private void compare(String when, Times before, Times after) {
        figures.add(
                Figure.of(
                                "mail " + when + ", p99, times that before",
                                after.mail().percentile(0.99) / before.mail().percentile(0.99),
                                "×")
                        .target("≤ 2"));
        figures.add(
                Figure.of(
                                "API " + when + ", p99, times that before",
                                after.api().percentile(0.99) / before.api().percentile(0.99),
                                "×")
                        .target("≤ 2"));
    }

    private void show(String when, Times times) {
        for (double share : List.of(0.5, 0.95, 0.99)) {
            String name = when + ", p" + (int) Math.rint(100 * share);
            figures.add(PushScenario.latency("mail " + name, times.mail(), share));
            figures.add(PushScenario.latency("API " + name, times.api(), share));
        }
        figures.addAll(times.lateness());
        figures.add(Figure.of("mails " + when, times.mail().size(), ""));
    }
}
