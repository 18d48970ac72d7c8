package dev.mailbell.bench;

import dev.mailbell.bench.daemon.Api;
import dev.mailbell.bench.daemon.BenchException;
import dev.mailbell.bench.daemon.Meter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Registers accounts by batches over several connections: first while the limit of logins holds
 * most first checks back, as with real mail servers, then while all of them begin at once.
 */
final class RegisterScenario implements Scenario {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int BATCH = 1_000;
    private static final int CONNECTIONS = 4;
    private static final int HELD_LOGINS = 5;
    private static final int INTERVAL = 86_400;

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int accounts = options.mailboxes().orElse(50_000);
        Plan plan = Plan.imap(accounts, options.tls(), false, INTERVAL).webhooks(0);
        List<Figure> figures = new ArrayList<>();
        try (TestBed testBed = TestBed.open(plan.loginsPerSecond(HELD_LOGINS), options)) {
            measure(testBed, "", "≥ 3,000", figures);
        }
        try (TestBed testBed = TestBed.open(plan, options)) {
            measure(testBed, ", first checks meanwhile", "", figures);
        }
        return figures;
    }

    private static void measure(TestBed testBed, String name, String target, List<Figure> figures)
            throws InterruptedException {
        List<byte[]> bodies = bodies(testBed);
        Meter meter = new Meter(testBed.daemon());
        Meter.Cpu before = meter.cpu();
        long begun = System.nanoTime();
        double[] seconds = registerAll(testBed, bodies);
        double taken = (System.nanoTime() - begun) / 1e9;
        Meter.Cpu used = meter.cpu().minus(before);
        double thousands = testBed.plan().accounts() / 1e3;
        figures.add(
                Figure.of("accounts a second" + name, 1e3 * thousands / taken, "/s")
                        .target(target));
        figures.add(
                Figure.of("CPU of the daemon for 1,000" + name, used.daemon() / thousands, "s"));
        figures.add(
                Figure.of(
                        "CPU of PostgreSQL for 1,000" + name, used.postgresql() / thousands, "s"));
        figures.add(Figure.of("CPU of the bench for 1,000" + name, used.bench() / thousands, "s"));
        figures.add(Figure.of("a call of 1,000, median" + name, Table.median(seconds), "s"));
        figures.add(Figure.of("a call of 1,000, longest" + name, seconds[seconds.length - 1], "s"));
    }

    /** Before the clock runs: to make the requests is not what is measured. */
    private static List<byte[]> bodies(TestBed testBed) {
        int count = testBed.plan().accounts();
        List<byte[]> bodies = new ArrayList<>();
        for (int first = 0; first < count; first += BATCH) {
            List<Map<String, Object>> accounts = new ArrayList<>(BATCH);
            for (int i = first; i < Math.min(first + BATCH, count); i++) {
                accounts.add(testBed.account(i));
            }
            bodies.add(JSON.writeValueAsBytes(Map.of("accounts", accounts)));
        }
        return bodies;
    }

    /** Answers how long each call took, in seconds, ascending. */
    private static double[] registerAll(TestBed testBed, List<byte[]> bodies)
            throws InterruptedException {
        Api api = testBed.daemon().api();
        List<Future<Double>> calls = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(CONNECTIONS)) {
            for (byte[] body : bodies) {
                calls.add(threads.submit(() -> register(api, body)));
            }
            double[] seconds = new double[calls.size()];
            for (int i = 0; i < seconds.length; i++) {
                seconds[i] = calls.get(i).get();
            }
            Arrays.sort(seconds);
            return seconds;
        } catch (ExecutionException e) {
            throw new BenchException("a batch failed: " + e.getCause(), e);
        }
    }

    private static double register(Api api, byte[] body) {
        long begun = System.nanoTime();
        byte[] answer = api.post("/v1/accounts/batch", body);
        double seconds = (System.nanoTime() - begun) / 1e9;
        for (JsonNode result : JSON.readTree(answer).get("results")) {
            if (result.get("status").asInt() != 201) {
                throw new BenchException("an account was refused: " + result);
            }
        }
        return seconds;
    }
}
