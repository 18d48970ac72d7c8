package dev.mailbell.bench;

import dev.mailbell.bench.daemon.EmbeddedSql;
import java.util.List;

/** Three nodes watch mailboxes without mail. Measures what they write into PostgreSQL. */
final class ClusterIdleScenario implements Scenario {
    private static final int NODES = 3;
    private static final int RAMP_SECONDS = 900;
    private static final String ROWS =
            "select coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) from pg_stat_user_tables";
    private static final String WAL = "select pg_current_wal_insert_lsn() - '0/0'::pg_lsn";

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int mailboxes = options.mailboxes().orElse(10_000);
        int seconds = options.seconds().orElse(120);
        Plan plan = Plan.imap(mailboxes, false, true, options.interval().orElse(120));
        try (ClusterBed bed = ClusterBed.open(plan, options, NODES)) {
            bed.awaitWatched(RAMP_SECONDS);
            // What the baselines left to be written is no part of it.
            Thread.sleep(1_000L * options.warmUp().orElse(90));
            EmbeddedSql sql = bed.sql();
            double rows = Double.parseDouble(sql.ask(ROWS));
            double wal = Double.parseDouble(sql.ask(WAL));
            Thread.sleep(1_000L * seconds);
            double rowsWritten = Double.parseDouble(sql.ask(ROWS)) - rows;
            double walWritten = Double.parseDouble(sql.ask(WAL)) - wal;
            return List.of(
                    Figure.of("rows written a node and second", rowsWritten / seconds / NODES, "")
                            .target("≤ 1.2"),
                    Figure.of("WAL a second, of all nodes", walWritten / seconds / 1e3, "kB"),
                    Figure.of("mailboxes in IDLE", mailboxes - bed.coverage().unwatched(), ""));
        }
    }
}
