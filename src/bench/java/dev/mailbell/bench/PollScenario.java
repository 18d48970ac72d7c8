package dev.mailbell.bench;

import dev.mailbell.bench.daemon.EmbeddedSql;
import dev.mailbell.bench.daemon.Meter;
import java.util.List;

/** Checks that find nothing, as many as the daemon can make when all are always due. */
final class PollScenario implements Scenario {
    private static final int LONGEST_SECONDS = 600;

    /** PostgreSQL publishes the statistics of an idle session only after some seconds. */
    private static final int STATISTICS_SECONDS = 12;

    private static final String ROWS =
            "select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) from pg_stat_user_tables";

    private final boolean pop3;
    private final int usualMailboxes;
    private final String plainTarget;
    private final String tlsTarget;

    PollScenario(boolean pop3, int usualMailboxes, String plainTarget, String tlsTarget) {
        this.pop3 = pop3;
        this.usualMailboxes = usualMailboxes;
        this.plainTarget = plainTarget;
        this.tlsTarget = tlsTarget;
    }

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int mailboxes = options.mailboxes().orElse(usualMailboxes);
        int seconds = options.seconds().orElse(30);
        int interval = options.interval().orElse(1);
        Plan plan = Plan.imap(mailboxes, options.tls(), false, interval);
        try (TestBed testBed = TestBed.open(pop3 ? plan.overPop3() : plan, options)) {
            testBed.register();
            testBed.awaitWatching(LONGEST_SECONDS);
            EmbeddedSql sql = testBed.daemon().sql();
            Thread.sleep(1_000L * Math.max(options.warmUp().orElse(20), STATISTICS_SECONDS));
            long rows = Long.parseLong(sql.ask(ROWS));
            Meter meter = new Meter(testBed.daemon());
            Meter.Cpu before = meter.cpu();
            long checks = testBed.mail().checks();
            long logins = testBed.mail().logins();
            long begun = System.nanoTime();
            Thread.sleep(1_000L * seconds);
            checks = testBed.mail().checks() - checks;
            logins = testBed.mail().logins() - logins;
            double took = (System.nanoTime() - begun) / 1e9;
            Meter.Cpu used = meter.cpu().minus(before);
            Thread.sleep(1_000L * STATISTICS_SECONDS);
            long written = Long.parseLong(sql.ask(ROWS)) - rows;
            return List.of(
                    Figure.of("checks a second", checks / took, "/s")
                            .target(options.tls() ? tlsTarget : plainTarget),
                    Figure.of("due a second", mailboxes / (double) interval, "/s"),
                    Figure.of("logins a second", logins / took, "/s"),
                    Figure.of("CPU of the daemon, a check", 1e3 * used.daemon() / checks, "ms"),
                    Figure.of("rows written, a thousand checks", 1e3 * written / checks, "")
                            .target("0"),
                    Figure.of("memory of the daemon (RSS)", meter.daemonMegabytes(), "MB"),
                    Figure.of(
                            "CPU of the load generator", 100 * used.bench() / took, "% of a core"));
        }
    }
}
