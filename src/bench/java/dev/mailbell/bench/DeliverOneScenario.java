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
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int seconds = options.seconds().orElse(60);
        int warmUp = options.warmUp().orElse(10);
        // More than can be sent in the time, so that the measured time has no end without work.
        int backlog = (int) options.rate().orElse(USUAL_RATE) * (seconds + warmUp);
        int mailboxes = options.mailboxes().orElse(backlog / 2);
        Plan plan = Plan.imap(1, options.tls(), false, 60);
        try (TestBed testBed = TestBed.open(plan, options)) {
            testBed.register();
            testBed.awaitWatching(PATIENCE_SECONDS);
            turn(testBed, "disabled");
            write(testBed.daemon().sql(), backlog, mailboxes);
            turn(testBed, "enabled");
            Waiting.until(
                    PATIENCE_SECONDS,
                    () -> testBed.receiver().requests() > 0,
                    () -> "nothing is delivered; " + testBed.daemon().lastWords());
            Thread.sleep(1_000L * warmUp);
            Meter meter = new Meter(testBed.daemon());
            Meter.Cpu before = meter.cpu();
            long requests = testBed.receiver().requests();
            long begun = System.nanoTime();
            Thread.sleep(1_000L * seconds);
            requests = testBed.receiver().requests() - requests;
            double took = (System.nanoTime() - begun) / 1e9;
            Meter.Cpu used = meter.cpu().minus(before);
            Waiting.until(
                    PATIENCE_SECONDS,
                    () -> testBed.receiver().requests() >= backlog,
                    () ->
                            "NOT ALL WERE DELIVERED: %d of %d"
                                    .formatted(testBed.receiver().requests(), backlog));
            if (testBed.receiver().requests() != backlog) {
                throw new BenchException(
                        "of %d deliveries %d came"
                                .formatted(backlog, testBed.receiver().requests()));
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

    private static void turn(TestBed testBed, String state) {
        testBed.daemon()
                .api()
                .patch("/v1/webhooks/" + testBed.webhooks().getFirst(), Map.of("state", state));
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
