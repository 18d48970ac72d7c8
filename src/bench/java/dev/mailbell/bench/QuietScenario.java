package dev.mailbell.bench;

import dev.mailbell.bench.daemon.EmbeddedSql;
import java.util.List;

/** No mail arrives. Measures what PostgreSQL writes into its WAL meanwhile. */
final class QuietScenario implements Scenario {
    private static final int RAMP_SECONDS = 900;
    private static final String WAL = "select pg_current_wal_insert_lsn() - '0/0'::pg_lsn";

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int mailboxes = options.mailboxes().orElse(10_000);
        int seconds = options.seconds().orElse(600);
        Plan plan =
                Plan.imap(
                        mailboxes, options.tls(), !options.poll(), options.interval().orElse(120));
        try (TestBed testBed = TestBed.open(plan, options)) {
            testBed.register();
            testBed.awaitWatching(RAMP_SECONDS);
            EmbeddedSql sql = testBed.daemon().sql();
            // What the baselines left to be cleaned up is no part of a quiet hour.
            Thread.sleep(1_000L * options.warmUp().orElse(90));
            sql.change("vacuum");
            sql.change("checkpoint");
            double before = Double.parseDouble(sql.ask(WAL));
            Thread.sleep(1_000L * seconds);
            double end = Double.parseDouble(sql.ask(WAL));
            double written = end - before;
            // What is written down once an hour is also written at the end.
            testBed.restart();
            double hourly = Double.parseDouble(testBed.daemon().sql().ask(WAL)) - end;
            return List.of(
                    Figure.of(
                                    "WAL an hour, with what is written once",
                                    (written * 3600 / seconds + hourly) / 1e6,
                                    "MB")
                            .target("≤ 10"),
                    Figure.of("WAL in the measured time", written / 1e3, "kB"),
                    Figure.of("WAL of a stop and a start", hourly / 1e6, "MB"));
        }
    }
}
