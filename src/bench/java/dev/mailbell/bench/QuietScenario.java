package dev.mailbell.bench;

import dev.mailbell.bench.daemon.EmbeddedSql;
import java.util.List;

/** Nothing happens: what PostgreSQL writes into its log meanwhile. */
final class QuietScenario implements Scenario {
    private static final int RAMP_SECONDS = 900;
    private static final String WAL = "select pg_current_wal_insert_lsn() - '0/0'::pg_lsn";

    @Override
    public List<Figure> run(Setting setting) throws InterruptedException {
        int mailboxes = setting.mailboxes().orElse(10_000);
        int seconds = setting.seconds().orElse(600);
        Plan plan =
                Plan.imap(
                        mailboxes, setting.tls(), !setting.poll(), setting.interval().orElse(120));
        try (Lab lab = Lab.open(plan, setting)) {
            lab.register();
            lab.awaitWatching(RAMP_SECONDS);
            EmbeddedSql sql = lab.daemon().sql();
            // What the baselines left to be cleaned up is no part of a quiet hour.
            Thread.sleep(1_000L * setting.warmUp().orElse(90));
            sql.change("vacuum");
            sql.change("checkpoint");
            double before = Double.parseDouble(sql.ask(WAL));
            Thread.sleep(1_000L * seconds);
            double end = Double.parseDouble(sql.ask(WAL));
            double written = end - before;
            // What is written down once an hour is also written at the end.
            lab.restart();
            double hourly = Double.parseDouble(lab.daemon().sql().ask(WAL)) - end;
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
