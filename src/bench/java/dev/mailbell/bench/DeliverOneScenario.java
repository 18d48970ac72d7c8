package dev.mailbell.bench;

import dev.mailbell.bench.daemon.BenchException;
import dev.mailbell.bench.daemon.EmbeddedSql;
import dev.mailbell.bench.daemon.Meter;
import java.util.List;
import java.util.Map;

/**
 * One webhook with a long backlog, two deliveries a mailbox as merging leaves them, and a receiver
 * that answers at once: how many deliveries a second it gets. No mail comes as fast as that, so the
 * backlog is written into the database by hand while the webhook is switched off.
 */
final class DeliverOneScenario implements Scenario {
    private static final int PATIENCE_SECONDS = 600;
    private static final int USUAL_RATE = 15_000;

    @Override
    public List<Figure> run(Setting setting) throws InterruptedException {
        int seconds = setting.seconds().orElse(60);
        int warmUp = setting.warmUp().orElse(10);
        // More than can be sent in the time, so that the measured time has no end without work.
        int backlog = (int) setting.rate().orElse(USUAL_RATE) * (seconds + warmUp);
        int mailboxes = setting.mailboxes().orElse(backlog / 2);
        Plan plan = Plan.imap(1, setting.tls(), false, 60);
        try (Lab lab = Lab.open(plan, setting)) {
            lab.register();
            lab.awaitWatching(PATIENCE_SECONDS);
            turn(lab, "disabled");
            write(lab.daemon().sql(), backlog, mailboxes);
            turn(lab, "enabled");
            Waiting.until(
                    PATIENCE_SECONDS,
                    () -> lab.receiver().requests() > 0,
                    () -> "nothing is delivered; " + lab.daemon().lastWords());
            Thread.sleep(1_000L * warmUp);
            Meter meter = new Meter(lab.daemon());
            Meter.Cpu before = meter.cpu();
            long requests = lab.receiver().requests();
            long begun = System.nanoTime();
            Thread.sleep(1_000L * seconds);
            requests = lab.receiver().requests() - requests;
            double took = (System.nanoTime() - begun) / 1e9;
            Meter.Cpu used = meter.cpu().minus(before);
            Waiting.until(
                    PATIENCE_SECONDS,
                    () -> lab.receiver().requests() >= backlog,
                    () ->
                            "NOT ALL WERE DELIVERED: %d of %d"
                                    .formatted(lab.receiver().requests(), backlog));
            if (lab.receiver().requests() != backlog) {
                throw new BenchException(
                        "of %d deliveries %d came".formatted(backlog, lab.receiver().requests()));
            }
            return List.of(
                    Figure.of("deliveries a second", requests / took, "/s").target("≥ 8,000"),
                    Figure.of(
                            "CPU of the daemon, a delivery", 1e6 * used.daemon() / requests, "µs"),
                    Figure.of(
                            "CPU of PostgreSQL, a delivery",
                            1e6 * used.postgresql() / requests,
                            "µs"),
                    Figure.of("deliveries, each once", backlog, ""),
                    Figure.of(
                            "CPU of the load generator", 100 * used.bench() / took, "% of a core"));
        }
    }

    private static void turn(Lab lab, String state) {
        lab.daemon()
                .api()
                .patch("/v1/webhooks/" + lab.webhooks().getFirst(), Map.of("state", state));
    }

    /** The account's baseline event, which is never merged, over and over. */
    private static void write(EmbeddedSql sql, int count, int mailboxes) {
        int written =
                sql.change(
                        """
                        insert into delivery (id, webhook_id, event_id, account_id, mailbox, shard, status,
                            next_attempt_at, created_at)
                        select uuidv7(), w.id, e.id, e.account_id, 'bench' || i %% %d, a.shard, 'pending', now(), now()
                        from webhook w, account a, (select * from event where account_id is not null limit 1) e,
                            generate_series(1, %d) i
                        """
                                .formatted(mailboxes, count));
        if (written != count) {
            throw new BenchException("there is no event to deliver; " + written + " were written");
        }
        sql.change("vacuum analyze delivery");
    }
}
