package dev.mailbell.bench;

import dev.mailbell.bench.daemon.EmbeddedSql;
import dev.mailbell.bench.daemon.Meter;
import java.util.List;

/** Looks that find nothing, as many as the daemon makes when all are due all the time. */
final class PollScenario implements Scenario {
    private static final int LONGEST_SECONDS = 600;

    /** What PostgreSQL counts of a session that rests is seen only after some seconds. */
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
    public List<Figure> run(Setting setting) throws InterruptedException {
        int mailboxes = setting.mailboxes().orElse(usualMailboxes);
        int seconds = setting.seconds().orElse(30);
        int interval = setting.interval().orElse(1);
        Plan plan = Plan.imap(mailboxes, setting.tls(), false, interval);
        try (Lab lab = Lab.open(pop3 ? plan.overPop3() : plan, setting)) {
            lab.register();
            lab.awaitWatching(LONGEST_SECONDS);
            EmbeddedSql sql = lab.daemon().sql();
            Thread.sleep(1_000L * Math.max(setting.warmUp().orElse(20), STATISTICS_SECONDS));
            long rows = Long.parseLong(sql.ask(ROWS));
            Meter meter = new Meter(lab.daemon());
            Meter.Cpu before = meter.cpu();
            long looks = lab.mail().looks();
            long logins = lab.mail().logins();
            long begun = System.nanoTime();
            Thread.sleep(1_000L * seconds);
            looks = lab.mail().looks() - looks;
            logins = lab.mail().logins() - logins;
            double took = (System.nanoTime() - begun) / 1e9;
            Meter.Cpu used = meter.cpu().minus(before);
            Thread.sleep(1_000L * STATISTICS_SECONDS);
            long written = Long.parseLong(sql.ask(ROWS)) - rows;
            return List.of(
                    Figure.of("looks a second", looks / took, "/s")
                            .target(setting.tls() ? tlsTarget : plainTarget),
                    Figure.of("due a second", mailboxes / (double) interval, "/s"),
                    Figure.of("logins a second", logins / took, "/s"),
                    Figure.of("CPU of the daemon, a look", 1e3 * used.daemon() / looks, "ms"),
                    Figure.of("rows written, a thousand looks", 1e3 * written / looks, "")
                            .target("0"),
                    Figure.of("memory of the daemon (RSS)", meter.daemonMegabytes(), "MB"),
                    Figure.of(
                            "CPU of the load generator", 100 * used.bench() / took, "% of a core"));
        }
    }
}
